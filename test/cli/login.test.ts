import { expect, test } from "vitest";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Display } from "../../src/process/display.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { Command } from "../support/command.ts";
import { openWorld } from "../support/world.ts";
import { LACKS_XVFB } from "../support/xvfb.ts";

/** The form fills itself in, as a password manager does. */
const FORM = `<script>
  const body = JSON.stringify({ name: "dora", password: "secret" });
  fetch("/api/auth/callback/credentials", { method: "POST", body }).then(() => location.replace("/zh"));
</script>`;

function login(id: string): readonly string[] {
  return [process.execPath, "src/cli.ts", "login", id];
}

test.skipIf(LACKS_XVFB)("npm run login keeps a new account, whether the gateway runs or not", async () => {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  await using _display = await Display.open("headed", log);
  await using world = await openWorld({ accounts: ["alice"] });
  const { simulator, gateway, stateDir } = world;
  simulator.signIn.add("dora", "secret");
  simulator.pages.set("/api/auth/signin", { body: FORM });
  const { port } = new URL(gateway.url);
  const env = {
    STATE_DIR: stateDir,
    PORT: port,
    ADMIN_KEY,
    GPTOMNI_ORIGIN: simulator.origin,
    GPTOMNI_CREDENTIALS: "[]",
    BROWSER_ARGS: simulator.browserArgs,
  };
  await using running = await Command.run(login("dora"), env);
  await running.says(/account dora is stored/);
  await expect.poll(() => gateway.pool.states.map(({ id }) => id)).toContain("dora");
  await gateway[Symbol.asyncDispose]();
  simulator.signIn.add("fred", "secret");
  simulator.pages.set("/api/auth/signin", { body: FORM.replace("dora", "fred") });
  await using alone = await Command.run(login("fred"), env);
  await alone.says(/account fred is stored/);
  await world.restart();
  await expect.poll(() => world.gateway.pool.states.map(({ id }) => id)).toEqual(["alice", "dora", "fred"]);
});

test.skipIf(process.platform !== "linux")("npm run login says what to do where there is no desktop", async () => {
  await using command = await Command.run(login("dora"), { DISPLAY: "" });
  expect((await command.says(/There is no desktop here.*/))[0]).toContain("Sign in through the console's live view");
});
