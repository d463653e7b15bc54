import { eventOf, type Now } from "./overview.ts";
import { SeenRows } from "./row-changes.ts";
import type { FinishedRequest, StreamSources } from "./stream-sources.ts";

/** The reader's connection, as Node has it. */
export interface StreamConnection {
  /** False when it holds as much as it should until "drain". */
  write(text: string): boolean;
  once(event: "drain", listener: () => void): unknown;
  destroy(): unknown;
}

type Kind = "accounts" | "requests" | "queue" | "event";

/** At most four messages a second. */
const GAP_MS = 250;
const HEARTBEAT_MS = 15_000;
/** No event tells that a request waits, or that a sign-in ends soon. */
const LOOK_EVERY_MS = 1_000;
/** A reader that takes nothing for this long is gone. */
const UNREAD_LIMIT_MS = 60_000;
/** How many requests and events a message holds; further ones are counted. */
const MOST_ITEMS = 50;
const STEADY_MS = 10_000;

/**
 * Sends one reader what there is, then what changes. What is sent is looked up when it is sent, so a slow reader skips what
 * was in between, and nothing piles up for it.
 */
export class StreamReader implements Disposable {
  readonly #sources: StreamSources;
  readonly #connection: StreamConnection;
  readonly #ending = new DisposableStack();
  /** The kinds that have something new, in the order in which they are sent. */
  readonly #due = new Set<Kind>();
  readonly #accounts = new SeenRows();
  #requests: object[] = [];
  #omitted = 0;
  #lastQueue = "";
  #lastEvent = 0;
  #sentMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #unread: NodeJS.Timeout | undefined;

  constructor(sources: StreamSources, connection: StreamConnection) {
    this.#sources = sources;
    this.#connection = connection;
    this.#ending.use(sources.events.subscribe(() => this.#touch("accounts", "queue")));
    this.#ending.use(sources.changes.subscribe(() => this.#touch("event")));
    this.#ending.use(sources.requests.subscribe((record) => this.#take(record)));
    const looking = setInterval(() => this.#touch("accounts", "queue"), LOOK_EVERY_MS);
    const beating = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#ending.defer(() => [looking, beating, this.#timer, this.#unread].forEach((timer) => clearTimeout(timer)));
    this.#begin();
  }

  [Symbol.dispose](): void {
    this.#ending.dispose();
  }

  #begin(): void {
    const overview = this.#sources.overview();
    const accounts = this.#sources.accounts();
    this.#accounts.changesTo(accounts);
    this.#lastQueue = steadyText(this.#sources.now());
    this.#lastEvent = this.#sources.changes.list[0]?.number ?? 0;
    this.#write("snapshot", { overview, accounts });
  }

  #take({
    id,
    at,
    keyName: key,
    account,
    model,
    route,
    status,
    code,
    durationMs,
    firstTokenMs,
  }: FinishedRequest): void {
    // What the operator looks at is no news.
    if (!route.startsWith("/v1/")) return;
    const shown = { id, at, key, account, model, route, status, code, durationMs, firstTokenMs };
    this.#requests.push(Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, value ?? null])));
    if (this.#requests.length > MOST_ITEMS) {
      this.#requests.shift();
      this.#omitted += 1;
    }
    this.#touch("requests", "accounts", "queue");
  }

  #touch(...kinds: readonly Kind[]): void {
    for (const kind of kinds) this.#due.add(kind);
    if (this.#timer || this.#unread) return;
    const waitMs = Math.max(0, this.#sentMs + GAP_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sendNext();
    }, waitMs);
  }

  /** Sends the first kind that really has something new. */
  #sendNext(): void {
    for (const kind of this.#due) {
      this.#due.delete(kind);
      const data = this.#newsOf(kind);
      if (!data) continue;
      this.#write(kind, data);
      break;
    }
    if (this.#due.size > 0) this.#touch();
  }

  #newsOf(kind: Kind): object | undefined {
    if (kind === "accounts") return this.#accounts.changesTo(this.#sources.accounts());
    if (kind === "requests") return this.#newRequests();
    return kind === "queue" ? this.#newQueue() : this.#newEvents();
  }

  #newRequests(): object | undefined {
    const [data, omitted] = [this.#requests, this.#omitted];
    this.#requests = [];
    this.#omitted = 0;
    return data.length > 0 ? { data, omitted } : undefined;
  }

  #newQueue(): object | undefined {
    const news = this.#sources.now();
    const text = steadyText(news);
    if (text === this.#lastQueue) return undefined;
    this.#lastQueue = text;
    return news;
  }

  #newEvents(): object | undefined {
    const last = this.#lastEvent;
    const changes = this.#sources.changes.list.filter(({ number }) => number > last);
    const [newest] = changes;
    if (!newest) return undefined;
    this.#lastEvent = newest.number;
    const data = changes.slice(0, MOST_ITEMS).map(eventOf);
    return { data, omitted: newest.number - last - data.length };
  }

  #beat(): void {
    if (!this.#unread) this.#connection.write(message("beat", {}));
  }

  #write(event: string, data: object): void {
    this.#sentMs = performance.now();
    if (this.#connection.write(message(event, data))) return;
    this.#unread = setTimeout(() => this.#connection.destroy(), UNREAD_LIMIT_MS);
    this.#connection.once("drain", () => {
      clearTimeout(this.#unread);
      this.#unread = undefined;
      if (this.#due.size > 0) this.#touch();
    });
  }
}

function message(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify({ at: Date.now(), ...data })}\n\n`;
}

/** The same while nothing happens: a wait that is estimated grows shorter by itself, and its end stays about where it is. */
function steadyText({ queue: { length, estimatedWaitMs }, replicas, ...rest }: Now): string {
  const endsAt = estimatedWaitMs === null ? null : Math.round((Date.now() + estimatedWaitMs) / STEADY_MS);
  const steady = replicas?.map(({ heartbeatAgeMs, ...facts }) => [
    facts,
    Math.round((heartbeatAgeMs ?? 0) / STEADY_MS),
  ]);
  return JSON.stringify({ ...rest, replicas: steady, length, endsAt: estimatedWaitMs === 0 ? 0 : endsAt });
}
