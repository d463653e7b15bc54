import { accounts } from "./zh-accounts.ts";
import { events } from "./zh-events.ts";
import { keys } from "./zh-keys.ts";
import { live } from "./zh-live.ts";
import { overview } from "./zh-overview.ts";
import { playground } from "./zh-playground.ts";
import { requests } from "./zh-requests.ts";
import { shell } from "./zh-shell.ts";
import { usage } from "./zh-usage.ts";

/** Chinese by the English text. */
export const zh = {
  ...shell,
  ...overview,
  ...accounts,
  ...playground,
  ...keys,
  ...requests,
  ...usage,
  ...events,
  ...live,
} as const;
