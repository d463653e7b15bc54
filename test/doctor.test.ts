import { chmod, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../src/config.ts";
import { diagnose } from "../src/doctor.ts";
import { Simulator } from "../src/simulator/simulator.ts";
import { freePort } from "./faults/gateway-process.ts";

type Settings = Readonly<Record<string, string>>;

/** What the doctor says of an account at the simulated site, with these settings. */
async function doctorSays(settings: (site: Simulator) => Settings | Promise<Settings>): Promise<string> {
  await using site = await Simulator.start();
  const config = loadConfig({
    GPTOMNI_ORIGIN: site.origin,
    GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "alice", cookie: site.addAccount("alice") }]),
    BROWSER_ARGS: site.browserArgs,
    BROWSER_PATH: process.env["BROWSER_PATH"],
    CHALLENGE_TIMEOUT_SECONDS: "3",
    ...(await settings(site)),
  });
  const lines: string[] = [];
  await diagnose(config, (line) => lines.push(line));
  return lines.join("\n");
}

/** A machine on which something is broken, and what the doctor says is to be done. */
interface Broken {
  readonly settings: (site: Simulator) => Settings | Promise<Settings>;
  /** What the browser or the network said. */
  readonly said: string;
  readonly advice: string;
}

const NETWORKS: Readonly<Record<string, Broken>> = {
  "nothing listens at the site": {
    settings: async () => ({ GPTOMNI_ORIGIN: `https://127.0.0.1:${await freePort()}` }),
    said: "net::ERR_CONNECTION_REFUSED",
    advice: "Nothing listens there, or a firewall refuses",
  },
  "no name server knows the site": {
    settings: () => ({ GPTOMNI_ORIGIN: "https://no-such-site.invalid" }),
    said: "net::ERR_NAME_NOT_RESOLVED",
    advice: "The site's name was not found: check GPTOMNI_ORIGIN and this machine's DNS.",
  },
  "nobody here trusts the certificate": {
    settings: () => ({ BROWSER_ARGS: "" }),
    said: "net::ERR_CERT_AUTHORITY_INVALID",
    advice: "The site's certificate is not trusted",
  },
  "the proxy is down": {
    settings: async (site) => ({
      BROWSER_ARGS: `${site.browserArgs} --proxy-server=127.0.0.1:${await freePort()} --proxy-bypass-list=<-loopback>`,
    }),
    said: "net::ERR_PROXY_CONNECTION_FAILED",
    advice: "The proxy failed: check the proxy variables",
  },
  "the site redirects in a circle": {
    settings: (site) => {
      site.pages.set("/zh", { status: 302, headers: { location: "/zh" } });
      return {};
    },
    said: "net::ERR_TOO_MANY_REDIRECTS",
    advice: "The site redirects in a circle",
  },
  "the site speaks no TLS": {
    settings: (site) => ({
      GPTOMNI_ORIGIN: site.origin.replace("https:", "http:"),
      GPTOMNI_CREDENTIALS: '[{"id":"alice","cookie":"next-auth.session-token=x"}]',
    }),
    said: "net::ERR_",
    advice: "The connection did not hold",
  },
  "the site never answers": {
    settings: (site) => {
      site.pages.set("/zh", { isEndless: true });
      return {};
    },
    said: "no answer within 3 seconds",
    advice: "The site's page could not be opened",
  },
};

test.each(Object.entries(NETWORKS))(
  "the doctor says what is wrong when %s",
  async (_what, { settings, said, advice }) => {
    const text = await doctorSays(settings);
    expect(text).toMatch(/^FAIL {2}account alice: /m);
    expect(text).toContain(said);
    expect(text).toContain(advice);
    expect(await troubleshooting()).toContain(advice);
  },
);

/** Programs in Chromium's place, and what they say as the real ones do. */
const STAND_INS: Readonly<Record<string, readonly [says: string, advice: string]>> = {
  "a library is missing": [
    "chromium: error while loading shared libraries: libnspr4.so: cannot open shared object file: No such file or directory",
    "Chromium lacks the library libnspr4.so: install the distribution's Chromium",
  ],
  "Chromium is a stand-in for snap's": [
    "Command '/usr/bin/chromium-browser' requires the chromium snap to be installed.\\nPlease install it with:\\nsnap install chromium",
    "BROWSER_PATH is a stand-in for Chromium from snap",
  ],
  "Chromium is made for another system": [
    "chromium: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by chromium)",
    "This Chromium is made for another system",
  ],
};

test.each(Object.entries(STAND_INS))("the doctor says what is wrong when %s", async (_what, [says, advice]) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-doctor-"));
  await chmod(folder.path, 0o755);
  const path = join(folder.path, "chromium");
  await writeFile(path, `#!/bin/sh\nprintf '%b\\n' ${JSON.stringify(says).replaceAll("`", "\\`")} >&2\nexit 127\n`, {
    mode: 0o755,
  });
  const text = await doctorSays(() => ({ BROWSER_PATH: path }));
  expect(text).toContain(`FAIL  Chromium: ${advice}`);
  expect(text).toContain(says.split("\\n", 1)[0]);
  expect(text).not.toContain("npm run doctor");
  expect(text).not.toContain("account alice");
  expect(await troubleshooting()).toContain(advice.replace("libnspr4.so", "…"));
});

test("the doctor says what is wrong when there is no Chromium, no display, and no right to run it", async () => {
  const missing = await doctorSays(() => ({ BROWSER_PATH: "/nowhere/chromium" }));
  expect(missing).toContain("FAIL  Chromium: Chromium was not found: install it");
  const display = process.env["DISPLAY"];
  delete process.env["DISPLAY"];
  const windowless = await doctorSays(() => ({ BROWSER_MODE: "headed" }));
  if (display !== undefined) process.env["DISPLAY"] = display;
  expect(windowless).toContain("FAIL  Chromium: Chromium cannot open a window: there is no display.");
  await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-doctor-"));
  const path = join(folder.path, "chromium");
  await writeFile(path, "#!/bin/sh\n", { mode: 0o644 });
  const forbidden = await doctorSays(() => ({ BROWSER_PATH: path }));
  expect(forbidden).toContain("FAIL  Chromium: Chromium may not be executed by this user");
  for (const text of [missing, windowless, forbidden]) expect(text).not.toContain("npm run doctor");
});

test.each([
  ["GPTOMNI_CREDENTIALS", {}],
  ["CREDENTIALS_FILE", { CREDENTIALS_FILE: "/dev/null" }],
])("the doctor says once that %s holds no accounts", async (name, settings) => {
  const text = await doctorSays(() => ({ GPTOMNI_CREDENTIALS: "", BROWSER_PATH: "/no/such/browser", ...settings }));
  expect(text.split("\n").filter((line) => line.startsWith("note"))).toEqual([
    expect.stringMatching(new RegExp(`^note {2}.*\\b${name}\\b`)),
  ]);
});

test("the doctor tells a moved site its new address, and that the sandbox is on", async () => {
  const text = await doctorSays((site) => {
    const moved = site.origin.replace("localhost", "www.localhost");
    site.pages.set("/zh", { status: 308, headers: { location: `${moved}/en` } });
    return {};
  });
  expect(text).toMatch(/^ok {4}Chromium: .*, sandbox on/m);
  expect(text).toMatch(/^FAIL {2}account alice: .*The site moved: set GPTOMNI_ORIGIN=https:\/\/www\.localhost:\d+\.$/m);
});

function troubleshooting(): Promise<string> {
  return readFile(new URL("../docs/troubleshooting.md", import.meta.url), "utf8");
}
