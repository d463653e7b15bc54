import { parentPort, workerData } from "node:worker_threads";
import { Simulator } from "../../src/simulator/simulator.ts";

/** The site has an event loop of its own, so that it does not share what is measured. */
const names = workerData as readonly string[];
const simulator = await Simulator.start();
const cookies = Object.fromEntries(names.map((name) => [name, simulator.addAccount(name)]));
// The only message there is asks for a challenge.
parentPort?.on("message", () => {
  simulator.challengeAll();
  parentPort?.postMessage("challenged");
});
parentPort?.postMessage({ origin: simulator.origin, browserArgs: simulator.browserArgs, cookies });
