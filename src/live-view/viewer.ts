import type { RawData, WebSocket } from "ws";
import { readViewerMessage } from "./messages.ts";
import { CLOSE_CODES, VIEWER_LIMITS, type GatewayMessage, type Role, type ViewerMessage } from "./wire.ts";

/** A connection without a sign of life for so long is gone, whatever the network says. */
const PING_EVERY_MS = 5_000;
const SECOND_MS = 1_000;
/** A viewer that reads nothing is not written to without end. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

export interface ViewerEvents {
  readonly onMessage: (message: ViewerMessage) => void;
  readonly onGone: () => void;
}

/** A frame as it is sent, and its number. */
export interface SentFrame {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** One connection that sees a live view. */
export class Viewer {
  role: Role = "watcher";
  readonly #socket: WebSocket;
  readonly #pinging: NodeJS.Timeout;
  /** The frame that it draws. */
  #drawing: number | undefined;
  /** The newest frame that it has not got. */
  #next: SentFrame | undefined;
  #isAlive = true;
  #secondBeganMs = 0;
  #messagesInSecond = 0;

  constructor(socket: WebSocket, { onMessage, onGone }: ViewerEvents) {
    this.#socket = socket;
    this.#pinging = setInterval(() => this.#ping(), PING_EVERY_MS).unref();
    socket.on("pong", () => (this.#isAlive = true));
    // A message that is too long, or no WebSocket at all; the connection closes after it.
    socket.on("error", () => {});
    socket.once("close", () => {
      clearInterval(this.#pinging);
      onGone();
    });
    socket.on("message", (data, isBinary) => {
      const message = this.#read(data, isBinary);
      if (message?.type === "ack") this.#drawn(message.sequence);
      if (message) onMessage(message);
    });
  }

  /** It has drawn every frame that it got. */
  get isReady(): boolean {
    return this.#drawing === undefined;
  }

  tell(message: GatewayMessage): void {
    this.#send(JSON.stringify(message));
  }

  /** Sends the frame when the one before is drawn, unless a newer one came by then. */
  show(frame: SentFrame): void {
    this.#next = frame;
    if (this.isReady) this.#sendNext();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    // A connection that does not answer is not waited for.
    setTimeout(() => this.#socket.terminate(), PING_EVERY_MS).unref();
  }

  #sendNext(): void {
    const frame = this.#next;
    this.#next = undefined;
    this.#drawing = frame?.sequence;
    if (frame) this.#send(frame.bytes);
  }

  #drawn(sequence: number): void {
    if (sequence === this.#drawing) this.#sendNext();
  }

  #send(data: string | Uint8Array): void {
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#socket.terminate();
    else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(data);
  }

  #read(data: RawData, isBinary: boolean): ViewerMessage | undefined {
    if (this.#socket.readyState !== this.#socket.OPEN) return undefined;
    if (!this.#mayBeMore()) {
      this.close(CLOSE_CODES.tooManyMessages, `more than ${VIEWER_LIMITS.messagesPerSecond} messages in a second`);
      return undefined;
    }
    const message = isBinary ? undefined : readViewerMessage((data as Buffer).toString());
    if (!message) this.close(CLOSE_CODES.badMessage, "a message of no known kind, or with a wrong value");
    return message;
  }

  #mayBeMore(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#secondBeganMs >= SECOND_MS) {
      this.#secondBeganMs = nowMs;
      this.#messagesInSecond = 0;
    }
    this.#messagesInSecond += 1;
    return this.#messagesInSecond <= VIEWER_LIMITS.messagesPerSecond;
  }

  #ping(): void {
    if (!this.#isAlive) return this.#socket.terminate();
    this.#isAlive = false;
    this.#socket.ping();
  }
}
