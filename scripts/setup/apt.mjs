// Installs packages of the distribution. For scripts/setup.mjs.
import { onPath, printed, say, succeeds } from "./shell.mjs";

/** Another program may be installing packages, as a new machine does at its first start. */
const LOCK = ["-o", "DPkg::Lock::Timeout=300"];

/** Whether the lists of packages are up to date now; false if this user may not do that, or there is no apt. */
export function aptUpdated() {
  return apt("update", "-qq");
}

/** True if the distribution's package was installed; false if this user may not install it, or there is no apt. */
export function installedByApt(what, ...packages) {
  if (!asRoot()) return false;
  say(`installing ${what} from the distribution's packages…`);
  return aptUpdated() && apt("install", "-y", "-qq", "--no-install-recommends", ...packages);
}

/** The packages of libraries that this one needs and this machine may lack. */
export function librariesOf(name) {
  const told = printed("apt-cache", ["depends", "--important", name]);
  const names = [...told.matchAll(/^ *\|?Depends: (lib[\w.+-]+)$/gm)].map(([, library]) => library);
  return names.filter((library) => library !== "libc6");
}

/** How a command becomes root's; undefined if there is no apt, or it cannot. */
function asRoot() {
  if (!onPath("apt-get")) return undefined;
  if (process.getuid?.() === 0) return [];
  return onPath("sudo") && succeeds("sudo", ["-n", "true"], { stdio: "ignore" }) ? ["sudo", "-n"] : undefined;
}

function apt(...args) {
  const prefix = asRoot();
  if (!prefix) return false;
  const [command, ...rest] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...LOCK, ...args];
  return succeeds(command, rest, { stdio: ["ignore", "ignore", 2] });
}
