import { Simulator } from "../../src/simulator/simulator.ts";
import type { SceneCall, SceneOptions } from "./scene-call.ts";
import { startOne, startReplicas } from "./scene-gateways.ts";

// A simulated site and the gateways in front of it, for a process of Playwright's test runner: it starts this one, and asks for
// what only the site can do.
const options = JSON.parse(process.argv[2] ?? "{}") as SceneOptions;
const simulator = await Simulator.start();
const listed = options.accounts.map((id) => ({ id, cookie: simulator.addAccount(id) }));
const settings = {
  GPTOMNI_ORIGIN: simulator.origin,
  BROWSER_ARGS: simulator.browserArgs,
  ...(listed.length > 0 && { GPTOMNI_CREDENTIALS: JSON.stringify(listed) }),
  ...options.settings,
};
const gateways = await (options.replicas ? startReplicas(settings, options.replicas) : startOne(settings));

async function answer({ id, call }: SceneCall): Promise<void> {
  process.send?.({ id, result: await resultOf(call) });
}

async function resultOf(call: SceneCall["call"]): Promise<string | undefined> {
  if (call.do === "addAccount") return simulator.addAccount(call.name);
  if (call.do === "signOut") simulator.signOut(call.name);
  else if (call.do === "addPerson") simulator.signIn.add(call.name, call.password);
  else if (call.do === "challenge") simulator.challengeAll(call.options, call.name);
  else if (call.do === "failNext") simulator.failNext(call.fault);
  else if (call.do === "stop") gateways.replicas[call.replica]?.gateway.signal("SIGTERM");
  else await gateways.replicas[call.replica]?.gateway.signalAll(call.name);
  return undefined;
}

process.on("message", (message) => void answer(message as SceneCall));
process.once("disconnect", () => void stop());
process.send?.({ urls: gateways.urls });

async function stop(): Promise<void> {
  await gateways[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  process.exit(0);
}
