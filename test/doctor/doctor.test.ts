import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { diagnose } from "../../src/doctor/doctor.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { openStore } from "../../src/store/store.ts";
import { SECRET_KEY } from "../support/engines.ts";
import { LACKS_POSTGRES } from "../support/postgres-server.ts";
import { freshDatabase } from "../support/shared-postgres.ts";

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

test.skipIf(LACKS_POSTGRES)("the doctor uses no account's sign-in while a gateway uses the database", async () => {
  const databaseUrl = await freshDatabase();
  const settings = { DATABASE_URL: databaseUrl, SECRET_KEY, BROWSER_PATH: "/no/such/browser" };
  await using _running = await openStore({ stateDir: "/dev/null", secretKey: SECRET_KEY, databaseUrl });
  expect(await doctorSays(() => settings)).toMatch(
    /^note {2}a gateway runs with this DATABASE_URL, so no account is tried/m,
  );
});
