import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

/** Two networks of four addresses, of the range for tests: https://www.rfc-editor.org/rfc/rfc2544 */
const ADDRESSES_AT_ONCE = 8;
const RANGE_SIZE = 2 ** 17;

/** Whether to leave out what needs network namespaces. Never where all must be tried (CI): it fails there. */
export const LACKS_NAMESPACES = process.env["CI"] !== "true" && !canUnshare();

/** A network of its own for a process, behind a router that a test may stop: what is sent is dropped, and nobody is told. */
export class FarMachine implements AsyncDisposable {
  readonly #name = `gpt-${process.pid}`;
  readonly #router = `${this.#name}-r`;
  readonly #near = `v${process.pid}h`;
  // Another run of the tests may be under way, or may have been killed before it took its network away.
  readonly #first = (process.pid * ADDRESSES_AT_ONCE) % RANGE_SIZE;

  static async open(): Promise<FarMachine> {
    await using opened = new AsyncDisposableStack();
    const machine = opened.use(new FarMachine());
    await machine.#connect();
    opened.move();
    return machine;
  }

  /** The address of this machine that the far one reaches. */
  get here(): string {
    return this.#address(1);
  }

  /** The far one's own address. */
  get there(): string {
    return this.#address(6);
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
    await ip("link", "del", this.#near).catch(() => {});
    for (const name of [this.#name, this.#router]) await ip("netns", "del", name).catch(() => {});
  }

  async #connect(): Promise<void> {
    const near = this.#near;
    const far = `v${process.pid}f`;
    const [routerHere, routerThere] = [this.#address(2), this.#address(5)];
    for (const name of [this.#name, this.#router]) await ip("netns", "add", name);
    await ip("link", "add", near, "type", "veth", "peer", "name", "here", "netns", this.#router);
    await ip("link", "add", far, "netns", this.#name, "type", "veth", "peer", "name", "there", "netns", this.#router);
    await up([], near, this.here);
    await up(["-n", this.#router], "here", routerHere);
    await up(["-n", this.#router], "there", routerThere);
    await up(["-n", this.#name], far, this.there);
    await ip("-n", this.#name, "link", "set", "lo", "up");
    await ip("-n", this.#name, "route", "add", "default", "via", routerThere);
    await ip("route", "add", `${this.#address(4)}/30`, "via", routerHere);
    await this.mend();
  }

  #address(index: number): string {
    const offset = this.#first + index;
    return `198.${18 + (offset >> 16)}.${(offset >> 8) & 255}.${offset & 255}`;
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
