import { once } from "node:events";
import { freePort, type GatewayProcess } from "../faults/gateway-process.ts";
import { until } from "../faults/until.ts";

const INSPECTOR_LIMIT_MS = 5_000;
/** What Node writes to its error output, which else tells of a fault. */
const GREETING = "Debugger attached.\n";

/** Weighs what a gateway keeps: its process's size tells as well of garbage that V8 saw no need to collect. */
export class HeapScale {
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  static async open(): Promise<HeapScale> {
    return new HeapScale(await freePort());
  }

  /** For the gateway's environment. */
  get settings(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--inspect-port=${this.#port} --inspect-publish-uid=http` };
  }

  /** What is still in use when all garbage is collected, in MiB. */
  async weigh(gateway: GatewayProcess): Promise<number> {
    gateway.signal("SIGUSR1");
    let url = "";
    const isUp = async (): Promise<boolean> => (url = await this.#url().catch(() => "")) !== "";
    await until("the inspector answers", isUp, INSPECTOR_LIMIT_MS);
    const socket = new WebSocket(url);
    await once(socket, "open");
    await ask(socket, "HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize } = await ask(socket, "Runtime.getHeapUsage");
    socket.close();
    await once(socket, "close");
    gateway.complaints = gateway.complaints.replace(GREETING, "");
    return ((usedSize ?? 0) + (backingStorageSize ?? 0)) / 1024 ** 2;
  }

  async #url(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/json/list`);
    const [target] = (await response.json()) as { readonly webSocketDebuggerUrl: string }[];
    return target?.webSocketDebuggerUrl ?? "";
  }
}

async function ask(socket: WebSocket, method: string): Promise<Readonly<Record<string, number>>> {
  socket.send(JSON.stringify({ id: 1, method }));
  const [{ data }] = (await once(socket, "message")) as [MessageEvent<string>];
  return (JSON.parse(data) as { readonly result: Readonly<Record<string, number>> }).result;
}
