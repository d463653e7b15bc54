import type { Log } from "../observe/log.ts";
import type { LocalPlaces } from "../places/local-places.ts";
import type { ArrivingAccount, DistantAccounts, DistantOutlook } from "../pool/distant-account.ts";
import type { PoolShare } from "../pool/pool-share.ts";
import type { RateLimit } from "../pool/rate-limiter.ts";
import { whereaboutsIn } from "./arrivals.ts";
import { ClusterPlaces } from "./cluster-places.ts";
import { DoorWatch } from "./door-watch.ts";
import { ExchangeAuth } from "./exchange-auth.ts";
import type { ExchangeHandler, InternalServer, InternalServerParts } from "./internal-server.ts";
import { writeLines } from "./lines.ts";
import type { Directory } from "./directory.ts";
import type { PeerLink } from "./peer-link.ts";
import { PeerLinks } from "./peer-links.ts";
import { OUTLOOK_PATH, TURNS_PATH } from "./protocol.ts";
import { turnExchanges, type TurnExchangeParts } from "./turn-exchange.ts";

/** What makes this gateway a replica of a cluster. */
export interface ClusterSeat {
  readonly directory: Directory;
  /** Where peers ask. */
  readonly server: InternalServer;
  /** By which replicas know each other. */
  readonly key: Buffer;
}

export interface RoutingOptions {
  /** How long a request may wait. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly maxReplyBytes: number;
  /** Of each account. */
  readonly rateLimit?: RateLimit | undefined;
  /** How often peers are asked, and after how long a silence they are lost; one and six seconds unless given. */
  readonly everyMs?: number | undefined;
  readonly silentMs?: number | undefined;
}

export interface ServedParts extends Pick<InternalServerParts, "upgrades"> {
  readonly local: LocalPlaces;
  readonly share: PoolShare;
  readonly onAnswered?: TurnExchangeParts["onAnswered"];
  /** What peers may ask besides answers to requests, by path. */
  readonly handlers?: InternalServerParts["handlers"];
}

/** JSON writes a character in six bytes at most, and the rules for tools come on top. */
const ESCAPED = 6;
const RULES_BYTES = 1_048_576;

/** Lets a request at any replica be served by any replica's account. */
export class Routing implements DistantAccounts, Disposable {
  /** How often what was asked of another replica ended so: `answered`, `unused`, or an error's code. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly #outcomes = new Map<string, number>();
  readonly #seat: ClusterSeat;
  readonly #options: RoutingOptions;
  readonly #auth: ExchangeAuth;
  readonly #links: PeerLinks;
  readonly #doors: DoorWatch;
  readonly #log: Pick<Log, "error">;
  #share: PoolShare | undefined;
  /** Found again after each change, since looking through all accounts for each request would take long. */
  #arriving: readonly ArrivingAccount[] | undefined;

  constructor(seat: ClusterSeat, options: RoutingOptions, log: Pick<Log, "error">) {
    const { everyMs, silentMs } = options;
    const { directory } = seat;
    this.outcomes = this.#outcomes;
    this.#seat = seat;
    this.#options = options;
    this.#log = log;
    this.#auth = new ExchangeAuth(seat.key, directory);
    this.#doors = new DoorWatch(silentMs);
    const onChange = (): void => void (this.#arriving = undefined);
    const onFollowed = (): void => this.#share?.review();
    this.#links = new PeerLinks({ directory, auth: this.#auth, everyMs, silentMs, onChange, onFollowed });
  }

  get replicaId(): string {
    return this.#seat.directory.replicaId;
  }

  /** How a replica is reached; undefined for one that is not live, or speaks another protocol. */
  to(replicaId: string): PeerLink | undefined {
    return this.#links.to(replicaId);
  }

  outlooks(): readonly DistantOutlook[] {
    return this.#links.outlooks();
  }

  onOwnChange(): void {
    this.#arriving = undefined;
  }

  arriving(): readonly ArrivingAccount[] {
    this.#arriving ??= this.#findArriving();
    return this.#arriving;
  }

  /** Resolves when every replica that is known by now has told of its accounts, or has failed to. */
  look(): Promise<void> {
    return this.#links.look();
  }

  /** From now on, peers may ask for this replica's accounts, and it asks for theirs. */
  serve({ local, share, handlers: others, upgrades, onAnswered }: ServedParts) {
    this.#share = share;
    const { timeoutMs, maxBodyBytes, maxReplyBytes } = this.#options;
    const maxRequestBytes = ESCAPED * maxBodyBytes + RULES_BYTES;
    const handlers = {
      ...others,
      [OUTLOOK_PATH]: outlooksOf(share),
      [TURNS_PATH]: turnExchanges({ places: local, share, maxRequestBytes, onAnswered }),
    };
    const { server, directory } = this.#seat;
    server.serve({ auth: this.#auth, doors: this.#doors, handlers, upgrades, log: this.#log });
    const lineBytes = ESCAPED * maxReplyBytes + RULES_BYTES;
    const { turns } = directory;
    const flushed = (): Promise<void> => server.flush();
    return new ClusterPlaces({
      local,
      share,
      links: this.#links,
      turns,
      lineBytes,
      timeoutMs,
      flushed,
      outcomes: this.#outcomes,
    });
  }

  #findArriving(): readonly ArrivingAccount[] {
    const told = [...this.#links.told, ...(this.#share ? [this.#share.told] : [])];
    const { rateLimit } = this.#options;
    return this.#seat.directory.arriving({ whereabouts: whereaboutsIn(told), rateLimit });
  }

  [Symbol.dispose](): void {
    this.#links[Symbol.dispose]();
    this.#doors[Symbol.dispose]();
  }
}

function outlooksOf(share: PoolShare): ExchangeHandler {
  return async ({ response }) => {
    await writeLines(response, share.told);
    response.end();
  };
}
