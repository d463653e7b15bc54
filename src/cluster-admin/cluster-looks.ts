import type { AccountDirectory } from "../admin/account-directory.ts";
import type { ShownAccount } from "../admin/account-schemas.ts";
import type { BundleReader, Looks, Watch } from "../admin/looks.ts";
import type { Overview } from "../admin/overview.ts";
import type { QueueDetail } from "../admin/queue.ts";
import { lookAt, type AnswerOf, type AskOf, type ReplicaLook } from "./asks.ts";
import { ClusterDirectory } from "./cluster-directory.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import { KnownLooks, type KnownLook } from "./known-looks.ts";
import { mergedAccounts } from "./merged-accounts.ts";
import { mergedOverview, mergedQueue } from "./merged-overview.ts";
import type { Replicas } from "./replicas.ts";
import { Round } from "./round.ts";

export interface ClusterLooksParts {
  readonly replicas: Replicas;
  /** What this replica shows of itself. */
  readonly local: Looks;
  /** Every account there is, as its settings say. */
  readonly listed: () => readonly ShownAccount[];
  /** Whether the account is in use here. */
  readonly isHere: (id: string) => boolean;
  /** How long before a sign-in ends the operator is told; 0 never. */
  readonly expiresSoonMs: number;
}

/** A picture is larger than what is asked otherwise. */
const FILE_LIMIT_MS = 5_000;

/** What an operator sees of all replicas, and does at any of them, from this one. */
export class ClusterLooks implements Looks {
  readonly accounts: AccountDirectory;
  readonly bundles: BundleReader;
  readonly #parts: ClusterLooksParts;
  readonly #round: Round;
  readonly #known = new KnownLooks();
  #watch: ClusterWatch | undefined;

  constructor(parts: ClusterLooksParts) {
    const { replicas, local, isHere } = parts;
    this.#parts = parts;
    this.#round = new Round(replicas);
    this.accounts = new ClusterDirectory({
      replicas,
      round: this.#round,
      local: local.accounts,
      isHere,
      list: () => this.#list(),
    });
    this.bundles = {
      find: async (id) => (await local.bundles.find(id)) ?? this.#first("bundle", { id }),
      file: async (id, name) => {
        const own = await local.bundles.file(id, name);
        if (own) return own;
        const text = await this.#first("file", { id, name });
        return text === undefined ? undefined : Buffer.from(text, "base64");
      },
    };
  }

  get replica(): string {
    return this.#parts.replicas.own.id;
  }

  async overview(): Promise<Overview> {
    const { own, others } = await this.#looks({ hasRecent: false });
    const { expiresSoonMs } = this.#parts;
    return mergedOverview({ own, others, accounts: this.#merged(own, others), expiresSoonMs });
  }

  async queue(): Promise<QueueDetail> {
    const [own, told] = await Promise.all([this.#parts.local.queue(), this.#round.ask("queue", {})]);
    return mergedQueue([own, ...told.flatMap(({ answer }) => answer ?? [])]);
  }

  /** All readers share what the other replicas tell; they are asked for it as long as there is a reader. */
  async watch(): Promise<Watch> {
    const { replicas, local, listed, expiresSoonMs } = this.#parts;
    if (!this.#watch || this.#watch.isOver) {
      const ownWatch = await local.watch();
      this.#watch = new ClusterWatch({ replicas, local, ownWatch, listed, expiresSoonMs });
    }
    return this.#watch.reader();
  }

  async #list(): Promise<readonly ShownAccount[]> {
    const { own, others } = await this.#looks({ hasRecent: true });
    return this.#merged(own, others);
  }

  async #looks(ask: { readonly hasRecent: boolean }): Promise<{ own: ReplicaLook; others: readonly KnownLook[] }> {
    const { local, replicas } = this.#parts;
    const told = this.#round.ask("look", ask);
    const own = await lookAt(local, replicas.own, ask);
    return { own, others: this.#known.take(await told) };
  }

  #merged(own: ReplicaLook, others: readonly KnownLook[]): ShownAccount[] {
    const { replicas, listed } = this.#parts;
    const ownerOf = (id: string): string | undefined => replicas.ownerOf(id);
    return mergedAccounts({ ownId: replicas.own.id, own: own.accounts, others, listed: listed(), ownerOf });
  }

  /** What the first of the other replicas that has it answers. */
  async #first<T extends "bundle" | "file">(type: T, ask: AskOf<T>): Promise<NonNullable<AnswerOf<T>> | undefined> {
    const told = await this.#round.ask(type, ask, type === "file" ? FILE_LIMIT_MS : undefined);
    return told.map(({ answer }) => answer).find((answer) => answer !== undefined && answer !== null) ?? undefined;
  }
}
