import type { GatewayProcess } from "../faults/gateway-process.ts";
import { Inspector } from "../support/inspector.ts";

/** What Node writes to its error output, which else tells of a fault. */
const GREETING = "Debugger attached.\n";

/** Weighs what a gateway keeps: its process's size tells as well of garbage that V8 saw no need to collect. */
export class HeapScale {
  readonly #inspector: Inspector;

  private constructor(inspector: Inspector) {
    this.#inspector = inspector;
  }

  static async open(): Promise<HeapScale> {
    return new HeapScale(await Inspector.reserve());
  }

  /** For the gateway's environment. */
  get settings(): Inspector["settings"] {
    return this.#inspector.settings;
  }

  /** What is still in use when all garbage is collected, in MiB. */
  async weigh(gateway: GatewayProcess): Promise<number> {
    const calls = [{ method: "HeapProfiler.collectGarbage" }, { method: "Runtime.getHeapUsage" }];
    const [, usage] = await this.#inspector.ask(gateway, calls);
    gateway.complaints = gateway.complaints.replace(GREETING, "");
    const { usedSize, backingStorageSize } = usage as Readonly<Record<"usedSize" | "backingStorageSize", number>>;
    return (usedSize + backingStorageSize) / 1024 ** 2;
  }
}
