import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

/** Of the range for tests of networks: https://www.rfc-editor.org/rfc/rfc2544 */
const HERE = "198.18.0.1";
const ROUTER_HERE = "198.18.0.2";
const ROUTER_THERE = "198.18.0.5";
const THERE = "198.18.0.6";
const FAR_NET = "198.18.0.4/30";

/** Whether to leave out what needs network namespaces. Never where all must be tried (CI): it fails there. */
export const LACKS_NAMESPACES = process.env["CI"] !== "true" && !canUnshare();

/** The address of this machine that the far one reaches, and what the far one's addresses are. */
export const ADDRESSES = { here: HERE, there: THERE } as const;

/** A network of its own for a process, behind a router that a test may stop: what is sent is dropped, and nobody is told. */
export class FarMachine implements AsyncDisposable {
  readonly #name = `gpt-${process.pid}`;
  readonly #router = `${this.#name}-r`;

  static async open(): Promise<FarMachine> {
    await using opened = new AsyncDisposableStack();
    const machine = opened.use(new FarMachine());
    await machine.#connect();
    opened.move();
    return machine;
  }

  /** What runs a command there. */
  get prefix(): readonly [string, ...string[]] {
    return ["ip", "netns", "exec", this.#name];
  }

  /** Nothing comes through from now on. */
  async cut(): Promise<void> {
    await this.#forward(false);
  }

  async mend(): Promise<void> {
    await this.#forward(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [this.#name, this.#router]) await ip("netns", "del", name).catch(() => {});
  }

  async #connect(): Promise<void> {
    const [near, far] = [`v${process.pid}h`, `v${process.pid}f`];
    for (const name of [this.#name, this.#router]) await ip("netns", "add", name);
    await ip("link", "add", near, "type", "veth", "peer", "name", "here", "netns", this.#router);
    await ip("link", "add", far, "netns", this.#name, "type", "veth", "peer", "name", "there", "netns", this.#router);
    await up([], near, HERE);
    await up(["-n", this.#router], "here", ROUTER_HERE);
    await up(["-n", this.#router], "there", ROUTER_THERE);
    await up(["-n", this.#name], far, THERE);
    await ip("-n", this.#name, "link", "set", "lo", "up");
    await ip("-n", this.#name, "route", "add", "default", "via", ROUTER_THERE);
    await ip("route", "add", FAR_NET, "via", ROUTER_HERE);
    await this.mend();
  }

  async #forward(isOn: boolean): Promise<void> {
    const write = `echo ${isOn ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`;
    await ip("netns", "exec", this.#router, "sh", "-c", write);
  }
}

async function up(where: readonly string[], link: string, address: string): Promise<void> {
  await ip(...where, "address", "add", `${address}/30`, "dev", link);
  await ip(...where, "link", "set", link, "up");
}

async function ip(...args: readonly string[]): Promise<void> {
  await promisify(execFile)("ip", args);
}

function canUnshare(): boolean {
  try {
    execFileSync("unshare", ["--net", "ip", "link"], { stdio: "ignore" });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}
