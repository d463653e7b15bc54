import type { Anchor } from "./anchor.ts";
import { failuresIn, ownersIn, type StoredFailure } from "./claims.ts";
import type { Beat } from "./heartbeat.ts";
import type { KnownPeer } from "./peers.ts";

/** Which replica has which account, and which accounts cannot serve, as the database told last. */
export class Owners {
  /** The replica's id, by the account's id. */
  byAccount: ReadonlyMap<string, string> = new Map();
  /** By the account's key. A replica that has the account knows more. */
  failures: ReadonlyMap<string, StoredFailure> = new Map();
  #readFor: string | undefined;

  /** Reads again when a heartbeat shows that it has changed. Never rejects: after a failure the next heartbeat asks again. */
  async follow({ ownersVersion }: Beat, peers: readonly KnownPeer[], anchor: Anchor | undefined): Promise<void> {
    // A lost replica may have stored something since it took its accounts.
    const live = peers.filter(({ isLive }) => isLive).map(({ id }) => id);
    const readFor = JSON.stringify([ownersVersion, live]);
    if (readFor === this.#readFor || !anchor) return;
    const read = await Promise.all([ownersIn(anchor), failuresIn(anchor)]).catch(() => undefined);
    if (!read) return;
    [this.byAccount, this.failures] = read;
    this.#readFor = readFor;
  }
}
