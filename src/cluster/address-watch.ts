import { setTimeout as delay } from "node:timers/promises";
import { StoreError } from "../store/store-error.ts";
import { Anchor, type AnchorOptions } from "./anchor.ts";
import type { Standing } from "./standing.ts";

const LOOK_EVERY_MS = 2_000;

/**
 * Looks now and then whether the database's address still leads to the server of this replica's session. After a fail-over, an
 * old primary may go on answering the connections that it has, while other replicas are at the new one.
 */
export class AddressWatch implements AsyncDisposable {
  readonly #options: AnchorOptions;
  readonly #standing: () => Standing | undefined;
  readonly #onMoved: (standing: Standing, cause: StoreError) => void;
  readonly #stopping = new AbortController();
  readonly #looking: Promise<void>;

  /** `onMoved`: the session is at another server. */
  constructor(
    options: AnchorOptions,
    standing: () => Standing | undefined,
    onMoved: (standing: Standing, cause: StoreError) => void,
  ) {
    this.#options = options;
    this.#standing = standing;
    this.#onMoved = onMoved;
    this.#looking = this.#lookOn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
  }

  async #lookOn(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await delay(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
      const standing = this.#standing();
      // An address that leads nowhere tells nothing.
      const hasMoved = standing !== undefined && (await this.#lacks(standing.anchor).catch(() => false));
      if (!hasMoved || signal.aborted || standing.anchor.lost.aborted) continue;
      const message = `${this.#options.place} leads to another server now: the session at the former one is given up.`;
      this.#onMoved(standing, new StoreError("store_unavailable", message));
    }
  }

  /** Whether a new connection meets a server that does not have the session. @throws StoreError */
  async #lacks({ backend: { pid, startedAt } }: Anchor): Promise<boolean> {
    await using fresh = await Anchor.open(this.#options);
    const sessions = await fresh.query(
      "SELECT FROM pg_stat_get_activity($1::int) WHERE backend_start = $2::timestamptz",
      [pid, startedAt],
    );
    return sessions.length === 0;
  }
}
