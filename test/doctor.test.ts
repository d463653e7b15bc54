import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Simulator } from "../src/simulator/simulator.ts";
import { Command, NODE, ROOT } from "./command.ts";

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

/** A port where nothing listens. */
async function closedPort(): Promise<string> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, "close");
  return port;
}

async function program(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

const MACHINES: Readonly<Record<string, () => Promise<Broken>>> = {
  "No display": async () => {
    const path = await mkdtemp(join(folder, "bin-"));
    return {
      settings: { BROWSER_MODE: "headed", DISPLAY: "", PATH: `${path}:${process.execPath.replace(/\/node$/, "")}` },
    };
  },
  "No memory": async () => {
    const script = `case "$*" in *--version*) ;; *) ulimit -v 300000 ;; esac\nexec ${REAL_BROWSER} "$@"`;
    return { settings: { BROWSER_PATH: await program("poor", script) } };
  },
  "STATE_DIR belongs to somebody else": async () => {
    const path = await mkdtemp(join(folder, "state-"));
    await chmod(path, IS_ROOT ? 0o700 : 0o500);
    return { settings: { STATE_DIR: join(path, "state") }, by: AS_NOBODY };
  },
  "A file is where STATE_DIR should be": async () => {
    const path = join(folder, "a-file");
    await writeFile(path, "");
    return { settings: { STATE_DIR: join(path, "state") } };
  },
  "The port is taken": async () => ({ settings: { PORT: await listening(createServer()) } }),
  "No browser": async () => ({ settings: { BROWSER_PATH: join(folder, "no-such-browser") } }),
  "A library is missing": async () => {
    const said =
      "chrome: error while loading shared libraries: libnspr4.so: cannot open shared object file: No such file";
    return { settings: { BROWSER_PATH: await program("bare", `echo "${said} or directory" >&2; exit 127`) } };
  },
  "Chromium is a stand-in for a snap": async () => {
    const said = "Command '/usr/bin/chromium-browser' requires the chromium snap to be installed.";
    const path = await program(
      "stub",
      `echo "${said}" >&2; echo "Please install it with:" >&2; echo "snap install chromium" >&2; exit 1`,
    );
    return { settings: { BROWSER_PATH: path } };
  },
  "The site's name is not found": async () => ({ settings: { GPTOMNI_ORIGIN: "https://no-such-host.invalid" } }),
  "The connection is refused": async () => ({
    settings: { GPTOMNI_ORIGIN: `https://127.0.0.1:${await closedPort()}` },
  }),
  "The certificate is not trusted": async () => ({ settings: { BROWSER_ARGS: "" } }),
  "The proxy is down": async () => {
    const proxy = `--proxy-server=http://127.0.0.1:${await closedPort()} --proxy-bypass-list=<-loopback>`;
    return { settings: { BROWSER_ARGS: `${site.browserArgs} ${proxy}` } };
  },
  "The site redirects in a circle": async () => {
    const server = createHttpServer((request, response) => response.writeHead(302, { location: request.url }).end());
    return { settings: { GPTOMNI_ORIGIN: `http://127.0.0.1:${await listening(server)}` } };
  },
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
      const lines = output.trimEnd().split("\n");
      const quoted = guide.get(title) ?? [];
      const unlike = lines.filter((line) => !quoted.some((text) => asPattern(text).test(line)));
      const missing = quoted.filter((text) => !lines.some((line) => asPattern(text).test(line)));
      expect({ unlike, missing }).toEqual({ unlike: [], missing: [] });
    },
  );
});

test("npm start on a machine with a foreign STATE_DIR says so in one line", async () => {
  const { settings, by = [] } = (await MACHINES["A file is where STATE_DIR should be"]?.()) ?? { settings: {} };
  await using gateway = await Command.run([...by, ...NODE, "serve"], settings);
  expect(await gateway.ended()).toBe(1);
  expect(gateway.output.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^STATE_DIR=\S+: .*a file is in the way/),
  ]);
});
