import { once } from "node:events";

interface Target {
  readonly id: string;
  readonly type: string;
  readonly url: string;
  readonly webSocketDebuggerUrl: string;
}

interface Told {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly context?: { readonly id: number; readonly name: string } };
}

/** As the gateway names its isolated world. */
const WORLD_NAME = "gateway";
const CALL_LIMIT_MS = 5_000;

/** A second way into Chromium, beside the gateway's own, which costs the gateway's process nothing. */
export class DebugPort {
  readonly #url: string;

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}`;
  }

  /** Every page of the browser, the hidden ones too; none while it does not run. */
  async pages(): Promise<Target[]> {
    const response = await this.#ask("/json/list");
    const targets = ((await response?.json().catch(() => [])) ?? []) as Target[];
    return targets.filter(({ type }) => type === "page");
  }

  async closePages(): Promise<void> {
    for (const { id } of await this.pages()) await this.#ask(`/json/close/${id}`);
  }

  /** Runs this in the gateway's own world of each page, as whoever took the page's process over could. */
  async forge(script: string): Promise<void> {
    await Promise.all((await this.pages()).map((page) => forgeIn(page, script).catch(() => {})));
  }

  #ask(path: string): Promise<Response | undefined> {
    return fetch(this.#url + path, { signal: AbortSignal.timeout(CALL_LIMIT_MS) }).catch(() => undefined);
  }
}

async function forgeIn({ webSocketDebuggerUrl }: Target, script: string): Promise<void> {
  const socket = new WebSocket(webSocketDebuggerUrl);
  const signal = AbortSignal.timeout(CALL_LIMIT_MS);
  const over = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => over.resolve());
  socket.addEventListener("message", ({ data }) => {
    const { id, method, params } = JSON.parse(String(data)) as Told;
    if (method === "Runtime.executionContextCreated" && params?.context?.name === WORLD_NAME) {
      const evaluate = { expression: script, contextId: params.context.id };
      socket.send(JSON.stringify({ id: 2, method: "Runtime.evaluate", params: evaluate }));
    } else if (id === 2) over.resolve();
  });
  await once(socket, "open", { signal });
  socket.send(JSON.stringify({ id: 1, method: "Runtime.enable" }));
  await over.promise;
  socket.close();
}
