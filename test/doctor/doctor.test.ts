import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { diagnose } from "../../src/doctor/doctor.ts";
import { Simulator } from "../../src/simulator/simulator.ts";

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

test.each([
  ["GPTOMNI_CREDENTIALS", {}],
  ["CREDENTIALS_FILE", { CREDENTIALS_FILE: "/dev/null" }],
])("the doctor says once that %s holds no accounts", async (name, settings) => {
  const text = await doctorSays(() => ({ GPTOMNI_CREDENTIALS: "", BROWSER_PATH: "/no/such/browser", ...settings }));
  expect(text.split("\n").filter((line) => line.startsWith("note"))).toEqual([
    expect.stringMatching(new RegExp(`^note {2}.*\\b${name}\\b`)),
  ]);
});

test("the doctor names the account of a site that moved, and says that the sandbox is on", async () => {
  const text = await doctorSays((site) => {
    const moved = site.origin.replace("localhost", "www.localhost");
    site.pages.set("/zh", { status: 308, headers: { location: `${moved}/en` } });
    return {};
  });
  expect(text).toMatch(/^ok {4}Chromium: .*, sandbox on/m);
  expect(text).toMatch(/^FAIL {2}account alice: .*The site moved: set GPTOMNI_ORIGIN=https:\/\/www\.localhost:\d+\.$/m);
});
