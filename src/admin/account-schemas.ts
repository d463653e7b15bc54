import { z } from "zod";
import type { AccountRow } from "../accounts/account-rows.ts";
import { ACCOUNT_STATES } from "../pool/account-state.ts";
import { unixMs } from "./list.ts";

const recentAnswer = z.object({ at: unixMs, ok: z.boolean(), code: z.string().nullable(), durationMs: z.number() });

const pace = z.object({
  count: z.int().meta({ description: "How many requests the rate limit allows in `windowMs`." }),
  windowMs: z.int(),
  used: z.int().meta({ description: "How many count now." }),
  nextAt: unixMs.nullable().meta({ description: "When the next one is allowed; null: now." }),
});

/** Besides the states that a replica knows: no replica has it, or the one that has it does not answer. */
export const SHOWN_STATES = [...ACCOUNT_STATES, "unowned", "unknown"] as const;

const accountFields = {
  id: z.string(),
  state: z.enum(SHOWN_STATES).meta({
    description: "`unowned`: no replica has it now. `unknown`: the replica that has it does not answer, and never did.",
  }),
  reason: z.string(),
  since: unixMs,
  nextTryAt: unixMs.nullable(),
  expiresAt: unixMs.nullable(),
  source: z.enum(["settings", "file", "console"]),
  site: z.string(),
  proxy: z.string().nullable().meta({ description: "Host and port of the account's own proxy." }),
  pace: pace.nullable(),
  lastUsedAt: unixMs.nullable(),
  isEditable: z.boolean().meta({ description: "Whether it can be changed and removed here." }),
  isAnswering: z.boolean(),
  isLeaving: z.boolean().meta({ description: "It was removed and finishes its answer." }),
  recent: z.array(recentAnswer).readonly().meta({ description: "Its last 60 answers, oldest first." }),
  replica: z
    .string()
    .nullable()
    .optional()
    .meta({ description: "Only with DATABASE_URL: the replica that has it; null for none." }),
  lastKnownAt: unixMs.nullable().optional().meta({
    description:
      "Only with DATABASE_URL: the replica does not answer, and this is what it told then; null: it answers.",
  }),
};

export const accountSchema = z.object(accountFields).meta({ id: "Account" });
export type ShownAccount = z.infer<typeof accountSchema>;

const stateChange = z.object({
  at: unixMs,
  before: z.enum(ACCOUNT_STATES),
  after: z.enum(ACCOUNT_STATES),
  reason: z.string(),
  nextTryAt: unixMs.nullable(),
});

export const accountDetailSchema = z
  .object({
    ...accountFields,
    history: z.array(stateChange).meta({ description: "Its last changes of state, newest first." }),
  })
  .meta({ id: "AccountDetail" });

const effect = z.string().meta({ description: "What the change did to the answer that was running." });
const notes = z.array(z.string()).meta({ description: "What is worth knowing about the credential." });

export const accountActionSchema = z.object({ ...accountFields, effect }).meta({ id: "AccountAction" });
export const accountChangeSchema = z.object({ ...accountFields, effect, notes }).meta({ id: "AccountChange" });
export const accountRemovalSchema = z
  .object({ id: z.string(), object: z.literal("account"), deleted: z.literal(true), effect })
  .meta({ id: "AccountRemoval" });

export const credentialPreviewSchema = z
  .object({
    signIn: z.enum(["found", "missing"]),
    cookies: z.array(z.object({ name: z.string(), domain: z.string(), expiresAt: unixMs.nullable() })),
    leftOut: z.array(z.object({ name: z.string(), reason: z.string() })),
    storage: z.array(z.object({ origin: z.string(), count: z.int() })),
    notes,
  })
  .meta({ id: "CredentialPreview" });

/** The row as the API shows it. */
export function shownAccount(row: AccountRow): ShownAccount {
  const { id, state, reason, since, nextTryAt = null, expiresAt = null, source, site, proxy = null } = row;
  const { lastUsedAt = null, isEditable, isLeased: isAnswering, isLeaving, recent } = row;
  const paced = row.pace ? { ...row.pace, nextAt: row.pace.nextAt ?? null } : null;
  return {
    id,
    state,
    reason,
    since,
    nextTryAt,
    expiresAt,
    source,
    site,
    proxy,
    pace: paced,
    lastUsedAt,
    isEditable,
    isAnswering,
    isLeaving,
    recent,
  };
}
