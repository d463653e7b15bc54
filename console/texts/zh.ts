import { accounts } from "./zh-accounts.ts";
import { overview } from "./zh-overview.ts";
import { playground } from "./zh-playground.ts";
import { shell } from "./zh-shell.ts";

/** Chinese by the English text. */
export const zh = { ...shell, ...overview, ...accounts, ...playground } as const;
