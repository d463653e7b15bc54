import type { AccountChange, NewAccount } from "../accounts/account-roster.ts";
import type { AccountAction, AccountDirectory, ShownDetail, ShownResult } from "../admin/account-directory.ts";
import type { ShownAccount } from "../admin/account-schemas.ts";
import type { CredentialPreview } from "../credentials/pasted-credential.ts";
import { GatewayError } from "../errors.ts";
import type { AnswerOf, AskOf } from "./asks.ts";
import type { Replicas } from "./replicas.ts";
import type { Round } from "./round.ts";

export interface ClusterDirectoryParts {
  readonly replicas: Replicas;
  readonly round: Round;
  readonly local: AccountDirectory;
  /** Whether the account is in use here. */
  readonly isHere: (id: string) => boolean;
  /** Every account, from wherever it is. */
  readonly list: () => Promise<readonly ShownAccount[]>;
}

/** What an operator waits for another replica: it settles what was changed within two seconds. */
const ACTION_LIMIT_MS = 5_000;

type Owned = "act" | "change" | "remove";

/** The accounts of all replicas. What is done with one is done by the replica that has it. */
export class ClusterDirectory implements AccountDirectory {
  readonly #parts: ClusterDirectoryParts;

  constructor(parts: ClusterDirectoryParts) {
    this.#parts = parts;
  }

  list(): Promise<readonly ShownAccount[]> {
    return this.#parts.list();
  }

  async detail(id: string): Promise<ShownDetail> {
    const { local, round } = this.#parts;
    const owner = this.#ownerOf(id);
    if (owner === this.#ownId) return this.#placed(owner, await local.detail(id));
    if (owner !== undefined) {
      const detail = await round.askOne(owner, "detail", { id });
      if (detail) return this.#placed(owner, detail);
    }
    const row = (await this.list()).find((one) => one.id === id);
    if (!row) throw new GatewayError("account_not_found", "There is no account with this id.");
    // It may have moved meanwhile.
    const now = row.replica !== owner && row.lastKnownAt === null ? row.replica : undefined;
    const moved = now ? await round.askOne(now, "detail", { id }) : undefined;
    return { ...row, history: moved?.history ?? [] };
  }

  preview(credential: string, site?: string): CredentialPreview {
    return this.#parts.local.preview(credential, site);
  }

  async add(account: NewAccount): Promise<ShownResult> {
    return this.#whereverItIs(await this.#parts.local.add(account));
  }

  async act(id: string, action: AccountAction): Promise<ShownResult> {
    const owner = await this.#answeringOwner(id);
    if (owner === this.#ownId) return this.#resultOf(owner, await this.#parts.local.act(id, action));
    if (owner === undefined) throw await this.#unavailable(id);
    return this.#resultOf(owner, await this.#ask(owner, "act", { id, action }));
  }

  /** The list of accounts is everybody's; the replica that has the account knows what the change did to its answer. */
  async change(id: string, change: AccountChange): Promise<ShownResult> {
    const owner = await this.#answeringOwner(id);
    if (owner === undefined || owner === this.#ownId) {
      return this.#whereverItIs(await this.#parts.local.change(id, change));
    }
    return this.#resultOf(owner, await this.#ask(owner, "change", { id, change }));
  }

  async remove(id: string): Promise<ShownResult> {
    const owner = await this.#answeringOwner(id);
    if (owner === undefined || owner === this.#ownId) {
      return this.#whereverItIs(await this.#parts.local.remove(id));
    }
    return this.#resultOf(owner, await this.#ask(owner, "remove", { id }));
  }

  get #ownId(): string {
    return this.#parts.replicas.own.id;
  }

  #ownerOf(id: string): string | undefined {
    return this.#parts.isHere(id) ? this.#ownId : this.#parts.replicas.ownerOf(id);
  }

  /** The replica that has the account and answers; undefined if there is none. */
  async #answeringOwner(id: string): Promise<string | undefined> {
    const owner = this.#ownerOf(id);
    if (owner === this.#ownId) return owner;
    const { others } = this.#parts.replicas;
    if (others.some((one) => one.id === owner && one.isAnswering)) return owner;
    // The database tells a second later who has it now.
    const row = (await this.list()).find((one) => one.id === id);
    const isThere = row?.lastKnownAt === null && row.state !== "unowned" && row.state !== "unknown";
    return (isThere ? row.replica : undefined) ?? undefined;
  }

  async #unavailable(id: string): Promise<GatewayError> {
    const row = (await this.list()).find((one) => one.id === id);
    if (!row) return new GatewayError("account_not_found", "There is no account with this id.");
    const why =
      row.state === "unowned" || row.state === "unknown"
        ? row.reason
        : `Replica ${row.replica} has it and does not answer.`;
    return new GatewayError("replica_unavailable", `Nothing was done with account ${id}. ${why}`);
  }

  /** @throws GatewayError */
  #ask<T extends Owned>(owner: string, type: T, ask: AskOf<T>): Promise<AnswerOf<T>> {
    return this.#parts.replicas.ask(owner, type, ask, AbortSignal.timeout(ACTION_LIMIT_MS));
  }

  /** An account that is not in use here waits for a replica that takes it. */
  #whereverItIs({ account, ...result }: ShownResult): ShownResult {
    if (this.#parts.isHere(account.id)) return this.#resultOf(this.#ownId, { ...result, account });
    const reason = "No replica has taken it yet.";
    return { ...result, account: { ...account, state: "unowned", reason, replica: null, lastKnownAt: null } };
  }

  #resultOf(replicaId: string, { account, ...result }: ShownResult): ShownResult {
    return { ...result, account: this.#placed(replicaId, account) };
  }

  #placed<T extends ShownAccount>(replicaId: string, row: T): T {
    return { ...row, replica: replicaId, lastKnownAt: null };
  }
}
