import { Agent } from "node:http";
import type { DistantOutlook } from "../pool/distant-account.ts";
import type { ToldAccounts } from "../pool/pool-share.ts";
import type { ExchangeAuth } from "./exchange-auth.ts";
import type { Directory, Peer } from "./directory.ts";
import { PeerLink } from "./peer-link.ts";
import { PROTOCOL } from "./protocol.ts";

export interface PeerLinksParts {
  readonly directory: Pick<Directory, "peers">;
  readonly auth: ExchangeAuth;
  /** How often peers are asked, and after how long a silence they are lost; one and six seconds unless given. */
  readonly everyMs?: number | undefined;
  readonly silentMs?: number | undefined;
  /** Called when a replica came, went or told something. */
  readonly onChange: () => void;
  /** Called once a second, after that. */
  readonly onFollowed: () => void;
}

const EVERY_MS = 1_000;
/** Idle connections to one peer that are kept for the next request. */
const MAX_IDLE_CONNECTIONS = 256;

/** The replicas that speak the same protocol, and what is known of their accounts. */
export class PeerLinks implements Disposable {
  readonly #parts: PeerLinksParts;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS });
  readonly #links = new Map<string, PeerLink>();
  readonly #timer: NodeJS.Timeout;
  #outlooks: readonly DistantOutlook[] | undefined;

  constructor(parts: PeerLinksParts) {
    this.#parts = parts;
    const followOn = (): void => {
      this.#follow();
      parts.onChange();
      parts.onFollowed();
    };
    this.#timer = setInterval(followOn, parts.everyMs ?? EVERY_MS).unref();
    this.#follow();
  }

  /** Those that answer. */
  get answering(): readonly PeerLink[] {
    return [...this.#links.values()].filter(({ isAnswering }) => isAnswering);
  }

  /** Undefined for a replica that is not live, or speaks another protocol. */
  to(replicaId: string): PeerLink | undefined {
    return [...this.#links.values()].find(({ peer }) => peer.id === replicaId);
  }

  outlooks(): readonly DistantOutlook[] {
    return (this.#outlooks ??= [...this.#links.values()].flatMap(({ outlooks }) => outlooks));
  }

  /** What each one told of its accounts last. */
  get told(): readonly ToldAccounts[] {
    return [...this.#links.values()].map(({ told }) => told);
  }

  /** Resolves when each one that is known by now has told of its accounts, or has failed to. */
  async look(): Promise<void> {
    this.#follow();
    await Promise.all([...this.#links.values()].map(({ asked }) => asked));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const link of this.#links.values()) link[Symbol.dispose]();
    this.#links.clear();
    this.#agent.destroy();
  }

  /** Takes in replicas that came, and lets go of those that went. */
  #follow(): void {
    const { directory, everyMs, silentMs, auth } = this.#parts;
    const peers = directory.peers.filter(({ protocol, isLive }) => isLive && protocol === PROTOCOL);
    const present = new Map(peers.map((peer) => [keyOf(peer), peer]));
    for (const [key, link] of this.#links) {
      if (present.has(key)) continue;
      link[Symbol.dispose]();
      this.#links.delete(key);
    }
    const onOutlook = (): void => {
      this.#outlooks = undefined;
      this.#parts.onChange();
    };
    for (const [key, peer] of present) {
      if (this.#links.has(key)) continue;
      this.#links.set(key, new PeerLink(peer, { auth, agent: this.#agent, onOutlook, everyMs, silentMs }));
    }
  }
}

/** A replica that was started again is another one. */
function keyOf({ id, url, token }: Peer): string {
  return JSON.stringify([id, url, token]);
}
