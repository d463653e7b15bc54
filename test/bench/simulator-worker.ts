import { parentPort, workerData } from "node:worker_threads";
import { Simulator } from "../../src/simulator/simulator.ts";

/** The site has an event loop of its own, so that it does not share what is measured. */
const names = workerData as readonly string[];
const simulator = await Simulator.start();
const cookies = Object.fromEntries(names.map((name) => [name, simulator.addAccount(name)]));
parentPort?.postMessage({ origin: simulator.origin, browserArgs: simulator.browserArgs, cookies });
