import type { z } from "zod";
import type {
  accountActionSchema,
  accountChangeSchema,
  accountDetailSchema,
  accountSchema,
  credentialPreviewSchema,
} from "../../src/admin/account-schemas.ts";
import type { accountListSchema } from "../../src/admin/accounts.ts";
import type { keyRow, newKeySchema } from "../../src/admin/key-row.ts";
import type { overviewSchema } from "../../src/admin/overview.ts";
import type { settingListSchema } from "../../src/admin/settings.ts";

// Types only: what the schemas of the gateway say, without a line of its code.
export type AccountRow = z.infer<typeof accountSchema>;
export type AccountDetail = z.infer<typeof accountDetailSchema>;
export type AccountList = z.infer<typeof accountListSchema>;
export type AddedAccountRow = z.infer<typeof accountChangeSchema>;
export type ActedAccount = Pick<z.infer<typeof accountActionSchema>, "effect">;
export type Preview = z.infer<typeof credentialPreviewSchema>;
export type Pace = NonNullable<AccountRow["pace"]>;
export type Answered = AccountRow["recent"][number];
export type Queue = AccountList["queue"];
export type KeyRow = z.infer<typeof keyRow>;
export type KeyLimits = z.infer<typeof keyRow>["limits"];
export type NewKey = z.infer<typeof newKeySchema>;

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

export type OverviewAnswer = z.infer<typeof overviewSchema>;
export type Minute = OverviewAnswer["minutes"][number];
export type SettingRow = z.infer<typeof settingListSchema>["data"][number];

export interface EventRow {
  readonly id: string | number;
  readonly at: number;
  readonly kind: string;
  readonly account: string | null;
  readonly actor: string | null;
  readonly summary: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** One bucket of usage. Everything is a sum. */
export interface UsageRow {
  readonly at: number;
  readonly key: string | null;
  readonly account: string | null;
  readonly model: string | null;
  readonly requests: number;
  readonly failed: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly queueMs: number;
  readonly durationMs: number;
  readonly firstTokenMs: number;
  readonly firstTokens: number;
}

export interface RequestRow {
  readonly id: string;
  readonly at: number;
  readonly key: string;
  readonly account: string | null;
  readonly model: string | null;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly code: string | null;
  readonly attempts: number | null;
  readonly durationMs: number;
  readonly queueMs: number | null;
  readonly paceMs: number | null;
  readonly leaseMs: number | null;
  readonly firstByteMs: number | null;
  readonly streamMs: number | null;
  readonly firstTokenMs: number | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
}

export interface RequestDetail extends RequestRow {
  readonly prompt: string | null;
  readonly answer: string | null;
}
