import { parentPort, workerData } from "node:worker_threads";
import { Simulator } from "../../src/simulator/simulator.ts";

/** The site has an event loop of its own, so that it does not share what is measured. */
const accounts = workerData as readonly string[];
const simulator = await Simulator.start();
parentPort?.postMessage({
  origin: simulator.origin,
  browserArgs: simulator.browserArgs,
  cookies: accounts.map((name) => simulator.addAccount(name)),
});
