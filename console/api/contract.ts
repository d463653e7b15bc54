import type { z } from "zod";
import type {
  accountActionSchema,
  accountChangeSchema,
  accountDetailSchema,
  accountSchema,
  credentialPreviewSchema,
} from "../../src/admin/account-schemas.ts";
import type { accountListSchema } from "../../src/admin/accounts.ts";
import type { eventListSchema } from "../../src/admin/events.ts";
import type { keyRow, newKeySchema } from "../../src/admin/key-row.ts";
import type { queueDetailSchema } from "../../src/admin/queue.ts";
import type { overviewSchema } from "../../src/admin/overview.ts";
import type { requestListSchema, requestSchema } from "../../src/admin/requests.ts";
import type { settingListSchema } from "../../src/admin/settings.ts";
import type { usageListSchema } from "../../src/admin/usage.ts";

// Types only: what the schemas of the gateway say, without a line of its code.
export type AccountRow = z.infer<typeof accountSchema>;
export type AccountDetail = z.infer<typeof accountDetailSchema>;
export type AccountList = z.infer<typeof accountListSchema>;
export type AddedAccountRow = z.infer<typeof accountChangeSchema>;
export type ActedAccount = Pick<z.infer<typeof accountActionSchema>, "effect">;
export type Preview = z.infer<typeof credentialPreviewSchema>;
export type Pace = NonNullable<AccountRow["pace"]>;
export type Answered = AccountRow["recent"][number];
export type QueueDetail = z.infer<typeof queueDetailSchema>;
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
export type SettingList = z.infer<typeof settingListSchema>;
export type SettingRow = SettingList["data"][number];

export type EventRow = z.infer<typeof eventListSchema>["data"][number];
/** One bucket of usage. Everything is a sum. */
export type UsageRow = z.infer<typeof usageListSchema>["data"][number];
export type RequestRow = z.infer<typeof requestListSchema>["data"][number];
export type RequestDetail = z.infer<typeof requestSchema>;
