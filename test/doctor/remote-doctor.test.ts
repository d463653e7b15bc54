import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { diagnose } from "../../src/doctor/doctor.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { KINDS, startServer, TOKEN, type Kind, type RemoteServer } from "../browser/remote/remote-servers.ts";

/** What the doctor says with a server of this kind, and with these settings beside its address. */
async function doctorSays(kind: Kind, settings: (server: RemoteServer) => object = () => ({})): Promise<string> {
  await using site = await Simulator.start();
  await using server = await startServer(kind, site.browserArgs.split(" "));
  const config = loadConfig({
    GPTOMNI_ORIGIN: site.origin,
    GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "alice", cookie: site.addAccount("alice") }]),
    BROWSER_PATH: "/no/such/browser",
    BROWSER_ENDPOINT: server.endpoint(),
    ...settings(server),
  });
  const lines: string[] = [];
  await diagnose(config, (line) => lines.push(line));
  const text = lines.join("\n");
  expect(text).not.toContain(TOKEN);
  return text;
}

test.each(KINDS)("the doctor tries the accounts in browsers of %s, and says where they are", async (kind) => {
  const text = await doctorSays(kind);
  const [scheme, protocol] = kind === "devtools" ? ["http", "its DevTools protocol"] : ["ws", "Playwright's protocol"];
  expect(text).toMatch(
    new RegExp(
      `^ok {4}Chromium: [\\d.]+ \\(at ${scheme}://127\\.0\\.0\\.1:\\d+, over ${protocol}\\), sandbox (?:on|OFF)`,
      "m",
    ),
  );
  expect(text).toMatch(/^ok {4}account alice: signed in/m);
  expect(text.includes("note  Chromium: sites see a headless browser")).toBe(kind === "devtools");
});

test("the doctor says what keeps the gateway from its browsers, and what they lack", async () => {
  const wrongToken = await doctorSays("browser-server", (server) => ({
    BROWSER_ENDPOINT: server.endpoint().replace(TOKEN, "another-token-0123456789"),
  }));
  expect(wrongToken).toMatch(
    /^FAIL {2}Chromium: BROWSER_ENDPOINT \(ws:\/\/127\.0\.0\.1:\d+\): it has no browser at this path: the path, or the token in it, may be wrong\.$/m,
  );
  expect(wrongToken).not.toContain("another-token-0123456789");
  const unconfined = await doctorSays("devtools", () => ({ REQUIRE_SANDBOX: "on" }));
  expect(unconfined).toContain("REQUIRE_SANDBOX is on, and the browser has Chromium's sandbox off");
  const otherwise = await doctorSays("browser-server", () => ({ BROWSER_ARGS: "--lang=fr" }));
  expect(otherwise).toContain("note  Chromium: the browser was started without --lang of BROWSER_ARGS");
});
