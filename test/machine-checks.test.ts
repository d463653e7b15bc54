import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Simulator } from "../src/simulator/simulator.ts";
import { Command, NODE, ROOT, serve } from "./command.ts";

/** What is wrong with a machine: settings, and what the doctor is started by. */
interface Broken {
  readonly settings: Readonly<Record<string, string>>;
  readonly by?: readonly string[];
}

const IS_ROOT = process.getuid?.() === 0;
const AS_NOBODY = IS_ROOT ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
const REAL_BROWSER = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";

let site: Simulator;
let folder: string;
let guide: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  site = await Simulator.start();
  folder = await mkdtemp(join(tmpdir(), "gptomni-doctor-"));
  await chmod(folder, 0o755);
  guide = sectionsOf(await readFile(join(ROOT, "docs/troubleshooting.md"), "utf8"));
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What the guide quotes, by its heading. */
function sectionsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const sections = text.matchAll(/^### (.+)\n[^]*?\n```\n([^]*?)\n```$/gm);
  return new Map([...sections].map(([, title = "", quoted = ""]) => [title, quoted.split("\n")]));
}

/** A line of the guide, where … is what differs from machine to machine. */
function asPattern(quoted: string): RegExp {
  const parts = quoted.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`);
}

async function diagnosed({ settings, by = [] }: Broken): Promise<string> {
  await using doctor = await Command.run([...by, ...NODE, "doctor"], {
    GPTOMNI_ORIGIN: site.origin,
    BROWSER_ARGS: site.browserArgs,
    GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "alice", cookie: site.addAccount("alice") }]),
    CHALLENGE_TIMEOUT_SECONDS: "10",
    ...settings,
  });
  expect(await doctor.ended()).toBe(1);
  return doctor.output;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

async function program(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

const MACHINES: Readonly<Record<string, () => Promise<Broken>>> = {
  "No display": async () => {
    const path = await mkdtemp(join(folder, "bin-"));
    const programs = (await readdir("/usr/bin")).filter((name) => name !== "Xvfb");
    for (const name of programs) await symlink(join("/usr/bin", name), join(path, name));
    return { settings: { BROWSER_MODE: "headed", DISPLAY: "", PATH: `${dirname(process.execPath)}:${path}` } };
  },
  "No memory for the browser": async () => {
    // The version is asked for first, by a run of its own.
    const script = `case "$*" in *--version*) ;; *) ulimit -v 300000 ;; esac\nexec ${REAL_BROWSER} "$@"`;
    return { settings: { BROWSER_PATH: await program("poor", script) } };
  },
  "STATE_DIR belongs to somebody else": async () => {
    const path = await mkdtemp(join(folder, "state-"));
    await chmod(path, IS_ROOT ? 0o700 : 0o500);
    return { settings: { STATE_DIR: join(path, "state") }, by: AS_NOBODY };
  },
  "A file is where STATE_DIR should be": async () => {
    const path = join(folder, `file-${randomUUID()}`);
    await writeFile(path, "");
    return { settings: { STATE_DIR: join(path, "state") } };
  },
  "The port is taken": async () => ({ settings: { PORT: await listening(createServer()) } }),
  "HOST is another machine's": async () => ({ settings: { HOST: "192.0.2.1" } }),
  "No browser": async () => ({ settings: { BROWSER_PATH: join(folder, "no-such-browser") } }),
};

describe("docs/troubleshooting.md", () => {
  test("has a section for each of these machines, and no other", () => {
    expect([...guide.keys()]).toEqual(Object.keys(MACHINES));
  });

  test.each(Object.entries(MACHINES))(
    "quotes what the doctor says: %s",
    { timeout: 60_000 },
    async (title, machine) => {
      const output = await diagnosed(await machine());
      expect(output).not.toMatch(/^\s+at /m);
      const lines = output.split("\n").filter((line) => line.startsWith("FAIL"));
      const quoted = guide.get(title) ?? [];
      const unlike = lines.filter((line) => !quoted.some((text) => asPattern(text).test(line)));
      const missing = quoted.filter((text) => !lines.some((line) => asPattern(text).test(line)));
      expect({ unlike, missing }).toEqual({ unlike: [], missing: [] });
    },
  );
});

test("the doctor takes a gateway that runs already for no other program", async () => {
  await using gateway = await serve(site);
  const [, port = ""] = await gateway.says(/"url":"http:[^"]+:(\d+)"/);
  await using doctor = await Command.run([...NODE, "doctor"], {
    PORT: port,
    GPTOMNI_ORIGIN: site.origin,
    BROWSER_ARGS: site.browserArgs,
    GPTOMNI_CREDENTIALS: JSON.stringify([site.addAccount("alice")]),
  });
  expect(await doctor.ended()).toBe(0);
  expect(doctor.output).toMatch(/^ok {4}port: a gateway listens on HOST=127\.0\.0\.1 PORT=\d+ already$/m);
});

test("a STATE_DIR in which the system lets nothing be made is told, not waited for", async () => {
  const output = await diagnosed({ settings: { STATE_DIR: "/proc/gptomni/state" } });
  expect(output).toContain("The gateway cannot make the folder /proc/gptomni (ENOENT): there is no such place.");
  expect(output).not.toMatch(/^\s+at /m);
});

test("npm start on a machine with a foreign STATE_DIR says so in one line", async () => {
  const { settings, by = [] } = (await MACHINES["A file is where STATE_DIR should be"]?.()) ?? { settings: {} };
  await using gateway = await Command.run([...by, ...NODE, "serve"], settings);
  expect(await gateway.ended()).toBe(1);
  expect(gateway.output.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^STATE_DIR=\S+: .*a file is in the way/),
  ]);
});
