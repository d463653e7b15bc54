import type { HostScene } from "../faults/host-scene.ts";
import { chromiumProcesses, signalIfRunning } from "../faults/processes.ts";
import { pick, type Dice } from "../faults/random.ts";

type Strike = (scene: HostScene, dice: Dice) => Promise<void>;

/** What befalls the gateway from outside, none of it the fault of a request. */
export const STRIKES: Readonly<Record<string, Strike>> = {
  "browser killed": signal("SIGKILL"),
  "browser frozen": signal("SIGSTOP"),
  "page killed": signal("SIGKILL", "--type=renderer"),
  "page frozen": signal("SIGSTOP", "--type=renderer"),
  "network service killed": signal("SIGKILL", "--utility-sub-type=network"),
  "GPU process killed": signal("SIGKILL", "--type=gpu-process"),
  "all accounts challenged": async ({ simulator }) => simulator.challengeAll(),
  "accounts reloaded": async ({ gateway }) => gateway.signal("SIGHUP"),
};

/** To one of the browsers' processes of the kind; without a kind to a browser's main process. */
function signal(name: NodeJS.Signals, kind?: string): Strike {
  return async ({ gateway }, dice) => {
    const mains = await gateway.browsers();
    const some = kind === undefined ? mains : await Promise.all(mains.map((pid) => chromiumProcesses(pid, kind)));
    const pids = some.flat().map((one) => (typeof one === "number" ? one : one.pid));
    // There may be none at this moment.
    if (pids.length > 0) signalIfRunning(pick(pids, dice), name);
  };
}
