import { randomInt } from "node:crypto";

/** They are three tokens of o200k_base, whatever their value, so the same question always counts the same. */
const DIGITS = 9;

/** Random digits that none of the texts holds. */
export function newBoundary(texts: readonly string[]): string {
  for (;;) {
    const boundary = String(randomInt(10 ** (DIGITS - 1), 10 ** DIGITS));
    if (!texts.some((text) => text.includes(boundary))) return boundary;
  }
}
