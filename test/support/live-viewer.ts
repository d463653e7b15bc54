import { once } from "node:events";
import { vi } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import {
  decodeFrame,
  type Frame,
  type GatewayMessage,
  type MouseMessage,
  type ViewerMessage,
} from "../../src/live-view/wire.ts";
import { ADMIN_KEY } from "./api-key.ts";

type Kind = GatewayMessage["type"];
type Of<K extends Kind> = Extract<GatewayMessage, { readonly type: K }>;

const PATIENCE = { timeout: 60_000, interval: 10 };

/** Asks for a ticket with the admin key. */
async function ticketFor(url: string, path: string, body?: object): Promise<string> {
  const response = await fetch(`${url}/admin/api/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`no ticket: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { ticket: string }).ticket;
}

export function addressFor(url: string, ticket: string): string {
  return `${url.replace(/^http/, "ws")}/admin/api/live-view?ticket=${ticket}`;
}

/** The status with which a connection is refused; 101 if it is not. */
export async function statusOf(address: string, options: ClientOptions = {}): Promise<number> {
  const socket = new WebSocket(address, options);
  socket.on("error", () => {});
  const opened = once(socket, "open").then(() => 101);
  const refused = once(socket, "unexpected-response").then(([, { statusCode }]) => Number(statusCode));
  const status = await Promise.race([opened, refused]);
  socket.terminate();
  return status;
}

interface ViewerOptions {
  /** Whether it draws what it gets; true unless told. */
  readonly draws?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The viewer's side of a live view, as the console's. */
export class LiveViewer implements Disposable {
  readonly socket: WebSocket;
  readonly messages: GatewayMessage[] = [];
  readonly frames: Frame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  draws: boolean;

  private constructor(address: string, { draws = true, headers = {} }: ViewerOptions) {
    this.draws = draws;
    this.socket = new WebSocket(address, { headers });
    this.socket.on("error", () => {});
    this.socket.once("close", (code, reason) => (this.closed = { code, reason: String(reason) }));
    this.socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.#draw(data);
      else this.messages.push(JSON.parse(String(data)) as GatewayMessage);
    });
  }

  /** For an account, or for a sign-in. */
  static async open(url: string, path: string, body?: object): Promise<LiveViewer> {
    return LiveViewer.connect(addressFor(url, await ticketFor(url, path, body)));
  }

  static async connect(address: string, options: ViewerOptions = {}): Promise<LiveViewer> {
    const viewer = new LiveViewer(address, options);
    await once(viewer.socket, "open");
    return viewer;
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }

  send(message: ViewerMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  last<K extends Kind>(kind: K): Of<K> | undefined {
    return this.messages.findLast((one): one is Of<K> => one.type === kind);
  }

  /** Waits for a message of this kind that holds. */
  until<K extends Kind>(kind: K, holds: (message: Of<K>) => boolean = () => true): Promise<Of<K>> {
    return vi.waitFor(() => {
      const found = this.messages.findLast((one): one is Of<K> => one.type === kind && holds(one as Of<K>));
      if (!found) throw new Error(`no such ${kind}; got ${JSON.stringify(this.messages.slice(-8))}`);
      return found;
    }, PATIENCE);
  }

  /** Waits until it may act and has seen the page. */
  async untilOpen(): Promise<void> {
    await this.until("phase", ({ phase }) => phase === "open");
    await this.untilFrames(1);
  }

  async untilFrames(count: number): Promise<void> {
    await vi.waitFor(() => {
      if (this.frames.length < count) throw new Error(`${this.frames.length} frames`);
    }, PATIENCE);
  }

  async untilFrame(holds: (frame: Frame) => boolean): Promise<void> {
    await vi.waitFor(() => {
      if (!this.frames.some(holds)) throw new Error(`no such frame among ${this.frames.length}`);
    }, PATIENCE);
  }

  mouse(action: MouseMessage["action"], at: { readonly x: number; readonly y: number }, clickCount = 1): void {
    const buttons = action === "down" ? 1 : 0;
    this.send({ type: "mouse", action, ...at, button: 0, buttons, clickCount, modifiers: 0 });
  }

  click(at: { readonly x: number; readonly y: number }): void {
    this.mouse("move", at, 0);
    this.mouse("down", at);
    this.mouse("up", at);
  }

  #draw(data: Buffer): void {
    const frame = decodeFrame(data);
    if (!frame) throw new Error("a binary message that is no frame");
    this.frames.push(frame);
    if (this.draws) this.send({ type: "ack", sequence: frame.sequence });
  }

  press(key: string): void {
    this.send({ type: "key", action: "down", key, code: key, modifiers: 0 });
    this.send({ type: "key", action: "up", key, code: key, modifiers: 0 });
  }
}
