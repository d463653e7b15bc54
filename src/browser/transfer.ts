import { GatewayError } from "../errors.ts";
import type { PageHead } from "./in-page.ts";
import { readHead } from "./page-head.ts";
import { TextChannel } from "./text-channel.ts";

/** Unacknowledged bytes after which the page stops reading. */
export const CREDIT_BYTES = 1024 * 1024;
/** Acknowledging each piece would cost a CDP call; a quarter of the credit keeps the page reading. */
const ACKNOWLEDGE_BYTES = CREDIT_BYTES / 4;
/**
 * The most text that waits for the reader. The credit keeps the gateway's own script far below this limit, so the page
 * runs another script if it is exceeded.
 */
const MAX_UNREAD_CHARACTERS = 4 * CREDIT_BYTES;

export interface TransferOptions {
  readonly url: string;
  readonly maxReplyBytes: number;
  /** Tells the page that so many bytes of the answer were read. */
  readonly acknowledge: (bytes: number) => void;
}

/** One request that runs in a page, and what came of its answer so far. */
export class Transfer {
  readonly url: string;
  readonly head = Promise.withResolvers<PageHead>();
  readonly channel: TextChannel;
  readonly done = Promise.withResolvers<void>();
  readonly #maxReplyBytes: number;
  #characters = 0;

  constructor({ url, maxReplyBytes, acknowledge }: TransferOptions) {
    this.url = url;
    this.#maxReplyBytes = maxReplyBytes;
    let untoldBytes = 0;
    this.channel = new TextChannel((bytes) => {
      untoldBytes += bytes;
      if (untoldBytes < ACKNOWLEDGE_BYTES) return;
      acknowledge(untoldBytes);
      untoldBytes = 0;
    }, MAX_UNREAD_CHARACTERS);
    // fetch() handles the failure of the head, unless its caller has left.
    this.head.promise.catch(() => {});
  }

  /** `message`: the number of bytes, a space and a text. False if that is more than the page was allowed to send. */
  takeText(message: string): boolean {
    const space = message.indexOf(" ");
    const text = message.slice(space + 1);
    this.#characters += text.length;
    return this.#characters <= this.#maxReplyBytes && this.channel.push(text, Number(message.slice(0, space)));
  }

  /** False if the message is not a head. */
  takeHead(message: string): boolean {
    const head = readHead(message);
    if (head) this.head.resolve(head);
    return head !== undefined;
  }

  /** Ends the answer; the first end counts. */
  settle(failure?: GatewayError): void {
    // Has no effect once the head is there.
    this.head.reject(failure ?? new GatewayError("session_lost", "The page ended the request without an answer."));
    this.channel.end(failure);
  }
}
