/**
 * The script that runs in Chromium, in an isolated world of the signed-in page. The page's own scripts see neither it nor
 * the binding. It imports nothing and uses nothing from outside the function, because only its source text is sent.
 */

/** A request that the gateway asks the page to send. */
export interface PageOrder {
  /** Marks each message of this request, so that a forged or late message is not taken for one of another request. */
  readonly nonce: string;
  /** Absolute and within `origin`. With a relative address, the document or a `<base>` in it would decide on the server. */
  readonly url: string;
  /** The document must be of this origin, or nothing is sent. */
  readonly origin: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The reader pauses while the gateway has not acknowledged this many bytes. */
  readonly creditBytes: number;
  readonly maxReplyBytes: number;
  /** Longer text is sent in several messages. */
  readonly messageCharacters: number;
  /**
   * Until when the request may run, by the page's `performance.now()`, unless that is extended. The gateway may stand still
   * meanwhile, and another replica use the account.
   */
  readonly untilMs: number | undefined;
}

/**
 * The messages to the gateway, one binding call each: the nonce, one letter, and then plain text, because JSON would be
 * quoted a second time by the protocol. `h`: the head as JSON. `t`: the number of bytes, a space and a piece of the answer.
 * `d`: the end, with a PageFailure or nothing; this message always comes, and comes last.
 */
type PageMessageType = "h" | "t" | "d";

export interface PageHead {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * elsewhere, a space and an address: the document is not the site's, and nothing was sent · unreachable: no answer came ·
 * cut: the answer broke off · too_large: the answer exceeds the limit · aborted: the gateway asked for it · expired: its
 * time was over
 */
export type PageFailure = `elsewhere ${string}` | "unreachable" | "cut" | "too_large" | "aborted" | "expired";

export interface PageAgent {
  start(order: PageOrder): void;
  acknowledge(nonce: string, bytes: number): void;
  abort(nonce: string): void;
  extend(nonce: string, untilMs: number): void;
}

/**
 * Installs the agent on this world's own global object under `agentName`; messages go out through `bindingName`. Returns what
 * the page's clock shows.
 */
// One long function, because only its own source text reaches the page.
// oxlint-disable-next-line max-lines-per-function
export function installAgent(agentName: string, bindingName: string): number {
  interface Transfer {
    readonly controller: AbortController;
    untilMs: number | undefined;
    expiry: ReturnType<typeof setTimeout> | undefined;
    isExpired: boolean;
    unacknowledgedBytes: number;
    resume: (() => void) | undefined;
  }
  const world = globalThis as unknown as Record<string, unknown>;
  const send = world[bindingName] as (payload: string) => void;
  const transfers = new Map<string, Transfer>();
  const tell = (nonce: string, type: PageMessageType, rest: string): void => send(nonce + type + rest);

  function tellText({ nonce, messageCharacters }: PageOrder, text: string, bytes: number): void {
    let from = 0;
    do {
      const cut = from + messageCharacters;
      // A surrogate pair is not split.
      const end = text.codePointAt(cut - 1) === text.charCodeAt(cut - 1) ? cut : cut - 1;
      tell(nonce, "t", `${from === 0 ? bytes : 0} ${text.slice(from, end)}`);
      from = end;
    } while (from < text.length);
  }

  async function read(order: PageOrder, transfer: Transfer, body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    // Gives whole characters only: the first part of a split character waits for the rest.
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let totalBytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      totalBytes += value.byteLength;
      if (totalBytes > order.maxReplyBytes) throw new RangeError("too_large");
      transfer.unacknowledgedBytes += value.byteLength;
      const text = decoder.decode(value, { stream: true });
      tellText(order, text, value.byteLength);
      while (transfer.unacknowledgedBytes >= order.creditBytes && !transfer.controller.signal.aborted) {
        await new Promise<void>((resolve) => (transfer.resume = resolve));
      }
    }
    const rest = decoder.decode();
    if (rest !== "") tell(order.nonce, "t", `0 ${rest}`);
  }

  /** Ends the request when its time is over. */
  function watchExpiry(transfer: Transfer): void {
    if (transfer.untilMs === undefined) return;
    const leftMs = transfer.untilMs - performance.now();
    if (leftMs > 0) transfer.expiry = setTimeout(() => watchExpiry(transfer), leftMs);
    else {
      transfer.isExpired = true;
      transfer.controller.abort();
      transfer.resume?.();
    }
  }

  async function run(order: PageOrder, transfer: Transfer): Promise<PageFailure | undefined> {
    const { signal } = transfer.controller;
    watchExpiry(transfer);
    if (transfer.isExpired) return "expired";
    // No navigation can come between this check and the fetch, because both are in one task. `location` cannot be forged.
    // `origin` is "null" in a sandboxed document, even if the document has the site's address.
    if (location.origin !== order.origin || globalThis.origin !== order.origin) return `elsewhere ${location.href}`;
    let answered = false;
    try {
      const response = await fetch(order.url, {
        method: order.method,
        mode: "same-origin",
        headers: order.headers,
        ...(order.body === undefined ? {} : { body: order.body }),
        // A redirect would send the account's cookies to whatever server the answer names.
        redirect: "manual",
        cache: "no-store",
        signal,
      });
      answered = true;
      const head: PageHead = { status: response.status, headers: Object.fromEntries(response.headers) };
      tell(order.nonce, "h", JSON.stringify(head));
      if (response.body) await read(order, transfer, response.body);
      return signal.aborted ? ended(transfer) : undefined;
    } catch (cause) {
      if (signal.aborted) return ended(transfer);
      if (cause instanceof RangeError && cause.message === "too_large") {
        transfer.controller.abort();
        return "too_large";
      }
      return answered ? "cut" : "unreachable";
    }
  }

  const ended = ({ isExpired }: Transfer): PageFailure => (isExpired ? "expired" : "aborted");

  const agent: PageAgent = {
    start(order) {
      const transfer: Transfer = {
        controller: new AbortController(),
        untilMs: order.untilMs,
        expiry: undefined,
        isExpired: false,
        unacknowledgedBytes: 0,
        resume: undefined,
      };
      transfers.set(order.nonce, transfer);
      void run(order, transfer).then((failure) => {
        clearTimeout(transfer.expiry);
        transfers.delete(order.nonce);
        tell(order.nonce, "d", failure ?? "");
      });
    },
    acknowledge(nonce, bytes) {
      const transfer = transfers.get(nonce);
      if (!transfer) return;
      transfer.unacknowledgedBytes -= bytes;
      transfer.resume?.();
    },
    abort(nonce) {
      const transfer = transfers.get(nonce);
      transfer?.controller.abort();
      transfer?.resume?.();
    },
    extend(nonce, untilMs) {
      const transfer = transfers.get(nonce);
      if (transfer) transfer.untilMs = untilMs;
    },
  };
  world[agentName] = agent;
  return performance.now();
}
