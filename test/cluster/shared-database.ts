import { Arrivals } from "../../src/cluster/arrivals.ts";
import type { StoredFailure } from "../../src/cluster/claims.ts";
import type { Directory } from "../../src/cluster/directory.ts";
import type { KnownPeer } from "../../src/cluster/peers.ts";
import { LOCAL_CLOCK } from "../../src/store/database-clock.ts";

/** A replica's row. */
interface Row {
  readonly peer: KnownPeer;
}

/** What the database tells every replica. Each sees a change at once. */
export class SharedDatabase {
  /** Which replica has which account. */
  readonly byAccount = new Map<string, string>();
  /** By the account's name. */
  readonly failures = new Map<string, StoredFailure>();
  readonly turns = new Turns();
  readonly #site: string;
  readonly #names: readonly string[];

  /** `names`: of all accounts. */
  constructor(names: readonly string[], site: string) {
    this.#names = names;
    this.#site = site;
  }

  /** `rows`: of all replicas, also of those that come later. */
  directoryOf(own: Row, rows: readonly Row[]): Directory {
    const { id, token } = own.peer;
    const others = (): readonly KnownPeer[] => rows.map(({ peer }) => peer).filter((peer) => peer.id !== id);
    const arrivals = new Arrivals({
      own: {
        get weight() {
          return own.peer.weight;
        },
        get isDraining() {
          return own.peer.isDraining;
        },
      },
      peers: {
        get all() {
          return others();
        },
      },
      owners: this,
      clock: LOCAL_CLOCK,
      usualSite: this.#site,
    });
    const listed = this.#names.map((name) => ({ key: name, id: name, account: { id: name, cookie: "" } }));
    return {
      replicaId: id,
      token,
      get peers() {
        return others();
      },
      arriving: (sought) => arrivals.of(listed, sought),
      turns: this.turns,
    };
  }
}

/** What the database knows of prompts. */
export class Turns {
  readonly #running = new Map<string, string>();
  readonly #sent = new Set<string>();

  begin({ accountId, turnId }: { readonly accountId: string; readonly turnId: string }): void {
    this.#running.set(accountId, turnId);
  }

  send(accountId: string): void {
    this.#sent.add(this.#running.get(accountId) ?? "");
  }

  async wasSent(turnId: string): Promise<boolean> {
    return this.#sent.has(turnId);
  }
}
