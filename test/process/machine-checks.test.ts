import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { diagnose } from "../../src/doctor/doctor.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import type { SitePage } from "../../src/simulator/site-page.ts";
import { testCertificate } from "../support/certificate.ts";
import { freePort } from "../support/free-port.ts";
import { Command, NODE, ROOT, serve } from "../support/command.ts";
import { WarmBrowsers } from "../support/warm-browsers.ts";

/** What is wrong with a machine. */
interface Broken {
  readonly settings: Readonly<Record<string, string>>;
  /** What starts the doctor as a process of its own. Without it, the doctor runs in the test's process. */
  readonly by?: readonly string[];
}

type Machine = (site: Simulator) => Broken | Promise<Broken>;

const IS_ROOT = process.getuid?.() === 0;
const AS_NOBODY = IS_ROOT ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
const REAL_BROWSER = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";

let folder: string;
let guide: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gptomni-doctor-"));
  await chmod(folder, 0o755);
  guide = sectionsOf(await readFile(join(ROOT, "docs/troubleshooting.md"), "utf8"));
});
afterAll(async () => {
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

async function diagnosed(machine: Machine): Promise<{ output: string; isHealthy: boolean }> {
  await using site = await Simulator.start({ certificate: await testCertificate() });
  const { settings: own, by } = await machine(site);
  const settings = {
    GPTOMNI_ORIGIN: site.origin,
    BROWSER_ARGS: site.browserArgs,
    GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "alice", cookie: site.addAccount("alice") }]),
    ...own,
  };
  if (by) {
    await using doctor = await Command.run([...by, ...NODE, "doctor"], settings);
    return { isHealthy: (await doctor.ended()) !== 1, output: doctor.output };
  }
  const stateDir = join(folder, `state-${randomUUID()}`);
  const config = loadConfig({ PORT: "0", BROWSER_PATH: REAL_BROWSER, STATE_DIR: stateDir, ...settings });
  const lines: string[] = [];
  const isHealthy = await diagnose(config, (line) => lines.push(line), new WarmBrowsers(config.browser));
  return { output: lines.join("\n"), isHealthy };
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

/** A program in Chromium's place that says this in place of starting. */
function standIn(name: string, ...says: readonly string[]): Machine {
  const quoted = says.map((line) => `'${line.replaceAll("'", String.raw`'\''`)}'`);
  const script = `printf '%s\\n' ${quoted.join(" ")} >&2\nexit 127`;
  return async () => ({ settings: { BROWSER_PATH: await program(name, script) } });
}

/** The site's page is this one. */
function siteIs(page: (site: Simulator) => SitePage, settings: Broken["settings"] = {}): Machine {
  return (site) => {
    site.pages.set("/zh", page(site));
    return { settings };
  };
}

function redirectTo(location: string): SitePage {
  return { status: 302, headers: { location } };
}

const MACHINES: Readonly<Record<string, Machine>> = {
  "Nothing listens at the site's address": async () => ({
    settings: { GPTOMNI_ORIGIN: `https://127.0.0.1:${await freePort()}` },
  }),
  "No name server knows the site": () => ({ settings: { GPTOMNI_ORIGIN: "https://no-such-site.invalid" } }),
  "The certificate is not trusted": () => ({ settings: { BROWSER_ARGS: "" } }),
  "The proxy is down": async ({ browserArgs }) => {
    const proxy = `--proxy-server=127.0.0.1:${await freePort()} --proxy-bypass-list=<-loopback>`;
    return { settings: { BROWSER_ARGS: `${browserArgs} ${proxy}` } };
  },
  "The site redirects in a circle": siteIs(() => redirectTo("/zh")),
  "No TLS where GPTOMNI_ORIGIN says so": ({ origin }) => ({
    settings: {
      GPTOMNI_ORIGIN: origin.replace("https:", "http:"),
      GPTOMNI_CREDENTIALS: '[{"id":"alice","cookie":"next-auth.session-token=x"}]',
    },
  }),
  "The site never answers": siteIs(() => ({ isEndless: true }), { CHALLENGE_TIMEOUT_SECONDS: "3" }),
  "The site moved": siteIs(({ origin }) => redirectTo(`${origin.replace("localhost", "www.localhost")}/en`)),
  "The account is sent to a sign-in page elsewhere": siteIs(({ origin }) =>
    redirectTo(`${origin.replace("localhost", "127.0.0.1")}/login`),
  ),
  "No browser": () => ({ settings: { BROWSER_PATH: join(folder, "no-such-browser") } }),
  "The browser may not be executed": async () => {
    const path = join(folder, "forbidden");
    await writeFile(path, "#!/bin/sh\n", { mode: 0o644 });
    return { settings: { BROWSER_PATH: path } };
  },
  "A library is missing": standIn(
    "libraryless",
    "chromium: error while loading shared libraries: libnspr4.so: cannot open shared object file: No such file or directory",
  ),
  "Chromium is a stand-in for snap's": standIn(
    "snap",
    "Command '/usr/bin/chromium-browser' requires the chromium snap to be installed.",
    "Please install it with:",
    "snap install chromium",
  ),
  "Chromium is made for another system": standIn(
    "foreign",
    "chromium: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by chromium)",
  ),
  "No display": async () => {
    const path = await mkdtemp(join(folder, "bin-"));
    const programs = (await readdir("/usr/bin")).filter((name) => name !== "Xvfb");
    for (const name of programs) await symlink(join("/usr/bin", name), join(path, name));
    const settings = { BROWSER_MODE: "headed", DISPLAY: "", PATH: `${dirname(process.execPath)}:${path}` };
    return { settings, by: [] };
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
  "HOST belongs to another machine": async () => ({ settings: { HOST: "192.0.2.1" } }),
};

describe("docs/troubleshooting.md", () => {
  test("has a section for each of these machines, and no other", () => {
    expect([...guide.keys()]).toEqual(Object.keys(MACHINES));
  });

  test.each(Object.entries(MACHINES))("quotes what the doctor says: %s", async (title, machine) => {
    const { output, isHealthy } = await diagnosed(machine);
    expect(isHealthy).toBe(false);
    expect(output).not.toMatch(/^\s+at |npm run doctor/m);
    const lines = output.split("\n").filter((line) => line.startsWith("FAIL"));
    const quoted = guide.get(title) ?? [];
    const unlike = lines.filter((line) => !quoted.some((text) => asPattern(text).test(line)));
    const missing = quoted.filter((text) => !lines.some((line) => asPattern(text).test(line)));
    expect({ unlike, missing }).toEqual({ unlike: [], missing: [] });
  });
});

test("the doctor does not take a running gateway for another program", async () => {
  await using site = await Simulator.start();
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

test("a STATE_DIR in which nothing can be created is reported, not waited for", async () => {
  const { output, isHealthy } = await diagnosed(() => ({ settings: { STATE_DIR: "/proc/gptomni/state" } }));
  expect(isHealthy).toBe(false);
  expect(output).toContain("The gateway cannot make the folder /proc/gptomni (ENOENT): there is no such place.");
  expect(output).not.toMatch(/^\s+at /m);
});

test("npm start on a machine with a foreign STATE_DIR says so in one line", async () => {
  const path = join(folder, "in-the-way");
  await writeFile(path, "");
  await using gateway = await Command.run([...NODE, "serve"], { STATE_DIR: join(path, "state") });
  expect(await gateway.ended()).toBe(1);
  expect(gateway.output.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^STATE_DIR=\S+: .*a file is in the way/),
  ]);
});
