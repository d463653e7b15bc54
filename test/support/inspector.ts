import { once } from "node:events";
import { freePort } from "./free-port.ts";
import { until } from "../faults/until.ts";

const LIMIT_MS = 5_000;

/** Node's debugger in another process, through which that is weighed and made to fail. */
export class Inspector {
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  static async reserve(): Promise<Inspector> {
    return new Inspector(await freePort());
  }

  /** For the process's environment. */
  get settings(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--inspect-port=${this.#port} --inspect-publish-uid=http` };
  }

  /** Wakes the debugger and asks it, one after the other. @returns the answers. */
  async ask(program: { signal(name: "SIGUSR1"): void }, calls: readonly InspectorCall[]): Promise<unknown[]> {
    program.signal("SIGUSR1");
    let url = "";
    const isUp = async (): Promise<boolean> => (url = await this.#url().catch(() => "")) !== "";
    await until("the inspector answers", isUp, LIMIT_MS);
    const socket = new WebSocket(url);
    await once(socket, "open");
    const results: unknown[] = [];
    for (const call of calls) {
      socket.send(JSON.stringify({ id: results.length + 1, ...call }));
      const [{ data }] = (await once(socket, "message")) as [MessageEvent<string>];
      results.push((JSON.parse(data) as { readonly result: unknown }).result);
    }
    socket.close();
    await once(socket, "close");
    return results;
  }

  async #url(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/json/list`);
    const [target] = (await response.json()) as { readonly webSocketDebuggerUrl: string }[];
    return target?.webSocketDebuggerUrl ?? "";
  }
}

/** https://chromedevtools.github.io/devtools-protocol/v8/ */
export interface InspectorCall {
  readonly method: string;
  readonly params?: object;
}
