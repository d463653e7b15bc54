import { once } from "node:events";
import { WebSocket } from "ws";
import { MAX_MESSAGE_BYTES } from "../message-limit.ts";

/** Longer messages end the connection; those between this and MAX_MESSAGE_BYTES are dropped, as from a browser on this machine. */
const MAX_RECEIVED_BYTES = 64 * 1024 * 1024;

const MAX_REFUSAL_CHARACTERS = 1_000;

/** What answered in place of a WebSocket. */
export class RefusedUpgrade extends Error {
  override readonly name = "RefusedUpgrade";
  readonly status: number;

  constructor(status: number, body: string) {
    super(`status ${status}${body === "" ? "" : `: ${body}`}`);
    this.status = status;
  }
}

/**
 * The connection to a browser that speaks the DevTools protocol, as Playwright uses one. Unlike Playwright's own it drops
 * messages that are too long, and can let go of a peer that answers no more.
 */
export class CdpSocket {
  readonly #socket: WebSocket;
  /** Set by Playwright. */
  onmessage?: (message: object) => void;
  onclose?: (reason?: string) => void;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      if (data.length <= MAX_MESSAGE_BYTES) this.#receive(data.toString());
    });
    socket.on("close", (_code, reason) => this.onclose?.(reason.toString()));
    // What the error was is told by "close", which follows.
    socket.on("error", () => {});
  }

  /** @throws RefusedUpgrade; what the network says; the signal's reason. */
  static async open(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<CdpSocket> {
    const socket = new WebSocket(url, {
      headers,
      perMessageDeflate: false,
      maxPayload: MAX_RECEIVED_BYTES,
      // Playwright expects each message in a task of its own.
      allowSynchronousEvents: false,
    });
    const refused = Promise.withResolvers<never>();
    socket.once("unexpected-response", (_request, response) => {
      let body = "";
      const end = (): void => refused.reject(new RefusedUpgrade(response.statusCode ?? 0, body.trim()));
      response.on("data", (chunk: Buffer) => {
        body += chunk.toString();
        if (body.length > MAX_REFUSAL_CHARACTERS) end();
      });
      response.once("close", end);
    });
    try {
      await Promise.race([once(socket, "open", { signal }), refused.promise]);
      return new CdpSocket(socket);
    } catch (cause) {
      socket.on("error", () => {});
      socket.terminate();
      throw signal.aborted ? signal.reason : cause;
    }
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Lets go at once: a peer that is out of reach never confirms. */
  close(): void {
    this.#socket.terminate();
  }

  #receive(text: string): void {
    let message: object;
    try {
      message = JSON.parse(text) as object;
    } catch {
      // Not a browser.
      this.#socket.terminate();
      return;
    }
    this.onmessage?.(message);
  }
}
