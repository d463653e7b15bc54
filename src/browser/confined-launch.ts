import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { LaunchOptions as PlaywrightOptions } from "playwright";
import { GatewayError } from "../errors.ts";
import { killProcessesIn, makeTempDir } from "../process/temp-dir.ts";
import { localOptions, type LaunchOptions } from "./launch.ts";
import { adviceFor, whatItSaid } from "./launch-failure.ts";
import type { Confinement } from "./provider.ts";
import { confinements, isConfinementRefused } from "./sandbox.ts";

const GIVE_UP_EVERY_MS = 50;
const NO_SANDBOX = "--no-sandbox";

/** How a Chromium of this machine is started. */
export interface Launched {
  readonly options: PlaywrightOptions;
  /** Its own; whoever ends the browser removes it. */
  readonly tempDir: string;
  readonly confinement: Confinement;
}

/** Starts a Chromium and gives what the caller needs of it. */
type Start<T> = (launched: Launched) => Promise<T>;

/** Starts Chromium as confined as it can be here. @throws GatewayError `browser_unavailable` that says what to do. */
export async function launchConfined<T>(options: LaunchOptions, start: Start<T>, signal: AbortSignal): Promise<T> {
  const [best, ...lesser] = confinements(options.requireSandbox ?? false);
  let confinement = best;
  for (;;) {
    try {
      return await launch({ options, confinement, start }, signal);
    } catch (cause) {
      const next = isConfinementRefused(String(cause), confinement) ? lesser.shift() : undefined;
      if (next && !signal.aborted) {
        confinement = { ...next, reason: whatItSaid(cause) };
        continue;
      }
      if (cause instanceof GatewayError && cause.code === "browser_unavailable") throw cause;
      throw new GatewayError("browser_unavailable", adviceFor(cause), { cause: new Error(whatItSaid(cause)) });
    }
  }
}

interface Attempt<T> {
  readonly options: LaunchOptions;
  readonly confinement: Confinement;
  readonly start: Start<T>;
}

async function launch<T>({ options, confinement, start }: Attempt<T>, signal: AbortSignal): Promise<T> {
  const tempDir = await makeTempDir("b-").catch((cause: NodeJS.ErrnoException) => {
    const message = `The temporary folder cannot be written to (${cause.code}): free its disk, or set TMPDIR to another.`;
    throw new GatewayError("browser_unavailable", message, { cause });
  });
  const over = new AbortController();
  // Playwright cannot abandon a launch, but it notices at once that the process is gone. The process may not exist yet.
  const giveUp = async (): Promise<void> => {
    for (; !over.signal.aborted; await delay(GIVE_UP_EVERY_MS)) await killProcessesIn(tempDir);
  };
  const onAbort = (): void => void giveUp();
  signal.addEventListener("abort", onAbort);
  try {
    const isSwitchedOff = options.browserArgs.includes(NO_SANDBOX);
    const effective = isSwitchedOff ? { ...confinement, isSandboxed: false, reason: NO_SANDBOX } : confinement;
    const told = await localOptions(options, confinement, tempDir);
    return await start({ options: told, tempDir, confinement: effective });
  } catch (cause) {
    // Playwright would wait up to 30 s more for a hanging process to end by itself.
    await killProcessesIn(tempDir);
    await rm(tempDir, { recursive: true, force: true, maxRetries: 5 });
    throw cause;
  } finally {
    over.abort();
    signal.removeEventListener("abort", onAbort);
  }
}
