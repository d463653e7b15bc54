import type { KeyLimits } from "../../api/contract.ts";
import type { Text } from "../../texts/language.tsx";

export type LimitName = keyof KeyLimits;

/** In the order in which they are shown. */
export const LIMIT_NAMES: readonly (readonly [name: LimitName, label: Text])[] = [
  ["requestsPerMinute", "requests a minute"],
  ["requestsPerDay", "requests a day"],
  ["tokensPerMinute", "tokens a minute"],
  ["tokensPerDay", "tokens a day"],
  ["parallel", "at the same time"],
];
