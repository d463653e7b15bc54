import type { FailureBundle, PAGE, SCREENSHOT } from "../accounts/failure-bundles.ts";
import type { AccountChange } from "../accounts/account-roster.ts";
import type { AccountAction, ShownDetail, ShownResult } from "../admin/account-directory.ts";
import type { ShownAccount } from "../admin/account-schemas.ts";
import type { Looks } from "../admin/looks.ts";
import type { Overview } from "../admin/overview.ts";
import type { QueueDetail } from "../admin/queue.ts";
import type { OwnReplica } from "../cluster/cluster-facts.ts";
import type { ToldGrant } from "../live-view/elsewhere.ts";
import type { RelayedViewers } from "../live-view/relayed-viewers.ts";

/** What a replica shows of itself and of the accounts that it has. */
export interface ReplicaLook {
  readonly replica: OwnReplica;
  readonly overview: Overview;
  readonly accounts: readonly ShownAccount[];
}

interface Named {
  readonly id: string;
}

/** What replicas ask each other for an operator, and what is answered. Whoever asks has checked that the operator may. */
export interface AdminAsks {
  /** `hasRecent`: with the last answers of each account, which are most of it. */
  readonly look: { readonly ask: { readonly hasRecent: boolean }; readonly answer: ReplicaLook };
  readonly queue: { readonly ask: object; readonly answer: QueueDetail };
  readonly detail: { readonly ask: Named; readonly answer: ShownDetail };
  readonly act: { readonly ask: Named & { readonly action: AccountAction }; readonly answer: ShownResult };
  readonly change: { readonly ask: Named & { readonly change: AccountChange }; readonly answer: ShownResult };
  readonly remove: { readonly ask: Named; readonly answer: ShownResult };
  readonly bundle: { readonly ask: Named; readonly answer: FailureBundle | null };
  /** What a ticket for a live view grants; it is used up then. */
  readonly redeem: { readonly ask: { readonly ticket: string }; readonly answer: ToldGrant | null };
  /** A console's session has ended: its live views end too. */
  readonly signedOut: { readonly ask: { readonly session: string }; readonly answer: null };
  /** The file in Base64. */
  readonly file: {
    readonly ask: Named & { readonly name: typeof SCREENSHOT | typeof PAGE };
    readonly answer: string | null;
  };
}

export type AskType = keyof AdminAsks;
export type AskOf<T extends AskType> = AdminAsks[T]["ask"];
export type AnswerOf<T extends AskType> = AdminAsks[T]["answer"];

type Answerers = { readonly [T in AskType]: (ask: AskOf<T>) => Promise<AnswerOf<T>> };

export interface AnswerParts {
  /** What this replica shows of itself, and of nobody else. */
  readonly local: Looks;
  readonly own: () => OwnReplica;
  readonly viewers: Pick<RelayedViewers, "redeem" | "signedOut" | "take">;
}

/** Answers what another replica asks, from what is here alone: nothing is passed on. */
export function answersOf({ local, own, viewers }: AnswerParts): Answerers {
  const { accounts, bundles } = local;
  return {
    look: async ({ hasRecent }) => lookAt(local, own(), { hasRecent }),
    queue: () => local.queue(),
    detail: ({ id }) => accounts.detail(id),
    act: ({ id, action }) => accounts.act(id, action),
    change: ({ id, change }) => accounts.change(id, change),
    remove: ({ id }) => accounts.remove(id),
    redeem: async ({ ticket }) => viewers.redeem(ticket),
    signedOut: async ({ session }) => {
      viewers.signedOut(session);
      return null;
    },
    bundle: async ({ id }) => (await bundles.find(id)) ?? null,
    file: async ({ id, name }) => (await bundles.file(id, name))?.toString("base64") ?? null,
  };
}

/** What this replica shows of itself. */
export async function lookAt(
  local: Looks,
  replica: OwnReplica,
  { hasRecent }: { readonly hasRecent: boolean },
): Promise<ReplicaLook> {
  const [overview, accounts] = await Promise.all([local.overview(), local.accounts.list()]);
  return { replica, overview, accounts: hasRecent ? accounts : accounts.map((row) => ({ ...row, recent: [] })) };
}
