import { homedir } from "node:os";

/** The variables that Chromium may see. The gateway's environment also holds accounts and keys. */
const NAMES: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TMPDIR",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  // Where a distribution keeps the browser's libraries, and the helper program of its sandbox.
  "LD_LIBRARY_PATH",
  "CHROME_DEVEL_SANDBOX",
]);
const FAMILIES: readonly RegExp[] = [/^LC_[A-Z]+$/, /^XDG_[A-Z_]+$/, /^FONTCONFIG_[A-Z]+$/];
/** Chromium reads them in lower case, other programs in upper case. A password in them is meant for the proxy only. */
const PROXY = /^(?:(?:http|https|ftp|all|no|auto)_proxy|socks_server|socks_version)$/i;

type Environment = Readonly<Record<string, string>>;

/** The environment for Chromium: only the variables that it needs. */
export function browserEnvironment(own: NodeJS.ProcessEnv = process.env): Environment {
  return Object.fromEntries(
    Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined && mayKnow(entry[0])),
  );
}

/** The same for another user, who may not read the directories of the gateway's user. */
export function strangerEnvironment(home: string): Environment {
  const shared = Object.entries(browserEnvironment()).filter(([name, value]) => !isPersonal(name, value));
  return { ...Object.fromEntries(shared), HOME: home };
}

function mayKnow(name: string): boolean {
  return NAMES.has(name) || PROXY.test(name) || FAMILIES.some((family) => family.test(name));
}

function isPersonal(name: string, value: string): boolean {
  return /^XDG_(?:\w+_HOME|RUNTIME_DIR)$/.test(name) || (name.startsWith("XDG_") && value.startsWith(homedir()));
}
