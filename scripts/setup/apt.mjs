// Installs packages of the distribution. For scripts/setup.mjs.
import { onPath, say, succeeds } from "./shell.mjs";

/** Another program may be installing packages, as a new machine does at its first start. */
const LOCK = ["-o", "DPkg::Lock::Timeout=300"];

/** True if the distribution's package was installed; false if this user may not install it, or there is no apt. */
export function installedByApt(what, ...packages) {
  const asRoot =
    process.getuid?.() === 0
      ? []
      : onPath("sudo") && succeeds("sudo", ["-n", "true"], { stdio: "ignore" })
        ? ["sudo", "-n"]
        : undefined;
  if (!onPath("apt-get") || !asRoot) return false;
  say(`installing ${what} from the distribution's packages…`);
  const apt = (...args) => {
    const [command, ...rest] = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...LOCK, ...args];
    return succeeds(command, rest, { stdio: ["ignore", "ignore", 2] });
  };
  return apt("update", "-qq") && apt("install", "-y", "-qq", "--no-install-recommends", ...packages);
}
