import { parentPort, workerData } from "node:worker_threads";
import { Simulator } from "../../src/simulator/simulator.ts";

/** It changes with each frame, all of it. */
const BUSY_PAGE = `<!doctype html><meta charset="utf-8"><title>Busy</title><canvas width="1200" height="700"></canvas>
<script>
  const pen = document.querySelector("canvas").getContext("2d");
  const draw = (ms) => {
    for (let x = 0; x < 1200; x += 20) {
      pen.fillStyle = "hsl(" + ((x + ms / 5) % 360) + " 70% 50%)";
      pen.fillRect(x, 0, 20, 700);
    }
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
</script>`;

/** The site has an event loop of its own, so that it does not share what is measured. */
const names = workerData as readonly string[];
const simulator = await Simulator.start();
simulator.pages.set("/api/auth/signin", { body: BUSY_PAGE });
const cookies = Object.fromEntries(names.map((name) => [name, simulator.addAccount(name)]));
// The only message there is asks for a challenge.
parentPort?.on("message", () => {
  simulator.challengeAll();
  parentPort?.postMessage("challenged");
});
parentPort?.postMessage({ origin: simulator.origin, browserArgs: simulator.browserArgs, cookies });
