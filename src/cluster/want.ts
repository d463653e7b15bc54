import type { ClientRequest } from "node:http";
import type { GatewayError } from "../errors.ts";
import type { LineReader } from "./lines.ts";
import { writeLines } from "./lines.ts";
import { answerOf } from "./peer-answer.ts";
import type { PeerLink } from "./peer-link.ts";
import { SERVED, TURNS_PATH, type DoorLine, type OwnerLine, type WishLine } from "./protocol.ts";

/** What the owner told when it gave an account. */
export type Grant = Extract<OwnerLine, { readonly type: "grant" }>;

/** A peer that is left says its last word within this time. */
const LINGER_MS = 1_000;

/** A request in the queue of a peer, from the wish to the end of the answer. */
export class Want {
  readonly link: PeerLink;
  /** Resolves when the peer gives an account; with undefined when it does not, or the want was left. Never rejects. */
  readonly granted: Promise<Grant | undefined>;
  readonly #asked: ClientRequest;
  #lines: LineReader | undefined;
  #isLeft = false;

  /** `lineBytes`: the longest line of an answer. */
  constructor(link: PeerLink, wish: WishLine, lineBytes: number) {
    this.link = link;
    this.#asked = link.ask(TURNS_PATH, wish);
    const { lost } = link;
    const onLost = (): void => void this.#asked.destroy();
    lost.addEventListener("abort", onLost, { once: true });
    this.#asked.once("close", () => lost.removeEventListener("abort", onLost));
    this.granted = this.#grant(lineBytes);
  }

  /** The peer may wake a page for it. */
  wake(): void {
    void this.#write({ type: "wake" });
  }

  /** Writes to the owner. Resolves when it takes more, or is gone. */
  ask(line: Extract<DoorLine, { readonly type: "ask" }>): Promise<void> {
    return this.#write(line);
  }

  /** The next line of the answer; undefined when the connection broke, or the want was left. */
  async next(): Promise<OwnerLine | undefined> {
    return this.#isLeft ? undefined : this.#lines?.next<OwnerLine>().catch(() => undefined);
  }

  /** Nothing more is wanted. `because`: why, unless it was served elsewhere or has ended. */
  leave(because?: GatewayError): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    void this.#write({ type: "leave", code: because?.code ?? SERVED, ...(because && { message: because.message }) });
    this.#finish();
  }

  /** The owner has said its last word. */
  end(): void {
    this.#isLeft = true;
    this.#finish();
  }

  /** The connection serves again if both sides end in good order. */
  #finish(): void {
    const asked = this.#asked;
    asked.end();
    const late = setTimeout(() => asked.destroy(), LINGER_MS).unref();
    asked.once("close", () => clearTimeout(late));
    // The answer may still be on its way: whoever waits for the grant drains it then.
    void this.#lines?.drain();
  }

  async #grant(lineBytes: number): Promise<Grant | undefined> {
    try {
      this.#lines = await answerOf(this.#asked, lineBytes);
      const line = await this.#lines.next<OwnerLine>();
      if (line?.type === "grant" && !this.#isLeft) return line;
      if (this.#isLeft) await this.#lines.drain();
      else this.end();
    } catch {
      if (!this.#isLeft) this.link.doubt();
    }
    return undefined;
  }

  #write(line: DoorLine): Promise<void> {
    return writeLines(this.#asked, line);
  }
}
