import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { loadConfig } from "../../src/config/config.ts";
import { startGateway } from "../../src/main.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import type { SceneCall, SceneOptions } from "./scene-call.ts";

// A simulated site and a gateway in front of it, for a process of Playwright's test runner: it starts this one, and asks for
// what only the site can do.
const { accounts, settings } = JSON.parse(process.argv[2] ?? "{}") as SceneOptions;
const simulator = await Simulator.start();
const stateDir = await mkdtemp(join(tmpdir(), "gptomni-e2e-"));
const listed = accounts.map((id) => ({ id, cookie: simulator.addAccount(id) }));
const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
const log = createLog({ level: "error", format: "json", redaction: new Redaction([]) }, silence);
const config = loadConfig({
  PORT: "0",
  API_MASTER_KEY: API_KEY,
  ADMIN_KEY,
  GPTOMNI_ORIGIN: simulator.origin,
  BROWSER_ARGS: simulator.browserArgs,
  BROWSER_PATH: process.env["BROWSER_PATH"],
  RATE_LIMIT: "off",
  STATE_DIR: stateDir,
  ...(listed.length > 0 && { GPTOMNI_CREDENTIALS: JSON.stringify(listed) }),
  ...settings,
});
const gateway = await startGateway(config, { api: API_KEY, admin: ADMIN_KEY }, log);

function answer({ id, call }: SceneCall): void {
  process.send?.({ id, result: resultOf(call) });
}

function resultOf(call: SceneCall["call"]): string | undefined {
  if (call.do === "addAccount") return simulator.addAccount(call.name);
  if (call.do === "signOut") simulator.signOut(call.name);
  else if (call.do === "addPerson") simulator.signIn.add(call.name, call.password);
  else if (call.do === "challenge") simulator.challengeAll(call.options, call.name);
  else simulator.failNext(call.fault);
  return undefined;
}

process.on("message", (message) => answer(message as SceneCall));
process.once("disconnect", () => void stop());
process.send?.({ url: gateway.url });

async function stop(): Promise<void> {
  await gateway[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  await rm(stateDir, { recursive: true, force: true });
  process.exit(0);
}
