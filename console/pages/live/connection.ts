import {
  CLOSE_CODES,
  decodeFrame,
  type Frame,
  type GatewayMessage,
  type ViewerMessage,
} from "../../../src/live-view/wire.ts";
import { adminUrl, call } from "../../api/client.ts";

export interface LiveListener {
  readonly onMessage: (message: GatewayMessage) => void;
  readonly onFrame: (frame: Frame) => void;
  /** Undefined after an orderly end. */
  readonly onClose: (failure: string | undefined) => void;
}

interface Subject {
  /** Undefined for a new account. */
  readonly account: string | undefined;
  readonly newId: string;
}

/** Characters above this wait are kept by no viewer: the socket is too slow, and moves are dropped. */
const MOST_BUFFERED_BYTES = 64 * 1024;

/** One viewer's connection to an account's page. */
export class LiveConnection {
  readonly #socket: WebSocket;
  #hasEnded = false;

  private constructor(socket: WebSocket, listener: LiveListener) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") {
        const message = JSON.parse(data) as GatewayMessage;
        if (message.type === "ended") this.#hasEnded = true;
        listener.onMessage(message);
        return;
      }
      const frame = decodeFrame(new Uint8Array(data));
      if (frame) listener.onFrame(frame);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      const isOrderly = this.#hasEnded || code === CLOSE_CODES.ended;
      listener.onClose(isOrderly ? undefined : `${code} ${reason}`.trim());
    });
  }

  /** @throws ApiError if the gateway gives no ticket */
  static async open({ account, newId }: Subject, listener: LiveListener): Promise<LiveConnection> {
    const { ticket } =
      account === undefined
        ? await call<{ readonly ticket: string }>("POST", "/live-view/sign-in", {
            body: newId === "" ? {} : { id: newId },
            isRepeatable: true,
          })
        : await call<{ readonly ticket: string }>("POST", `/accounts/${encodeURIComponent(account)}/live-view`, {
            isRepeatable: true,
          });
    const address = new URL(adminUrl("/live-view", { ticket }), window.location.href);
    address.protocol = address.protocol.replace("http", "ws");
    return new LiveConnection(new WebSocket(address), listener);
  }

  send(message: ViewerMessage): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const canWait = message.type === "mouse" && message.action === "move";
    if (canWait && this.#socket.bufferedAmount > MOST_BUFFERED_BYTES) return;
    this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.send({ type: "leave" });
    this.#socket.close();
  }
}
