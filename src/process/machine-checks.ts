import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../config/make-folder.ts";
import { listenFailure } from "./listen.ts";
import { MachineError, systemFailure } from "./machine-error.ts";

const MIB = 1024 * 1024;
/** Enough for Node, one Chromium and one page. */
const WITH_BROWSER_BYTES = 512 * MIB;
/** Enough for Node. */
const WITHOUT_BROWSER_BYTES = 192 * MIB;
const ANSWER_LIMIT_MS = 2_000;

/** A check of something that the gateway needs from the machine. */
export interface MachineCheck {
  readonly what: string;
  /** Gives what it found. @throws MachineError that says what to change. */
  readonly work: () => Promise<string>;
}

interface Needs {
  readonly stateDir: string;
  readonly host: string;
  readonly port: number;
  /** Whether browsers are to run here too. */
  readonly hasBrowsers: boolean;
}

export function machineChecks({ stateDir, host, port, hasBrowsers }: Needs): readonly MachineCheck[] {
  return [
    { what: "state", work: async () => `${await usableFolder("STATE_DIR", stateDir)} can be written to` },
    { what: "temporary folder", work: async () => `${await usableFolder("TMPDIR", tmpdir())} can be written to` },
    { what: "memory", work: async () => enoughMemory(hasBrowsers) },
    { what: "port", work: () => freePort(host, port) },
  ];
}

/** Creates the folder if it is missing, and tries to write to it. @throws MachineError that names the setting. */
export async function usableFolder(setting: "STATE_DIR" | "TMPDIR", path: string): Promise<string> {
  const probe = join(path, `.probe-${randomUUID()}`);
  try {
    await makeFolder(path, 0o700);
    // Not an empty file: a limit on the size of files would allow that.
    await writeFile(probe, "can this be written?");
    await rm(probe);
    return path;
  } catch (cause) {
    const problem = systemFailure(cause) ?? `It cannot be used: ${String(cause)}.`;
    throw new MachineError(`${setting}=${path}: ${problem.replace(probe, path)}`, { cause });
  }
}

function enoughMemory(hasBrowsers: boolean): string {
  const bytes = process.availableMemory();
  const shown = `${Math.floor(bytes / MIB)} MiB`;
  const neededBytes = hasBrowsers ? WITH_BROWSER_BYTES : WITHOUT_BROWSER_BYTES;
  if (bytes >= neededBytes) return `${shown} available`;
  const who = hasBrowsers ? "a browser with one page" : "the gateway";
  throw new MachineError(`Only ${shown} are available; ${who} needs ${neededBytes / MIB} MiB.`);
}

async function freePort(host: string, port: number): Promise<string> {
  const where = `HOST=${host} PORT=${port}`;
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
    return `${where} is free`;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EADDRINUSE" && (await isGateway(host, port))) return `a gateway listens on ${where} already`;
    throw new MachineError(listenFailure({ host, port }, cause as NodeJS.ErrnoException), { cause });
  } finally {
    server.close();
  }
}

async function isGateway(host: string, port: number): Promise<boolean> {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  try {
    const response = await fetch(`http://${name}:${port}/`, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    return ((await response.json()) as { name?: unknown } | null)?.name === "gptomni-gateway";
  } catch {
    return false;
  }
}
