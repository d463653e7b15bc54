import { expect, test } from "vitest";
import { withoutSecrets } from "../../src/observe/secret-free.ts";

test.each([
  ["a known secret", "before a-secret-value after", "before [redacted] after"],
  ["a known secret in a URL", "x=a%26secret%26value", "x=[redacted]"],
  [
    "a JSON web token",
    "bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0abc1234",
    "bearer [redacted].[redacted]",
  ],
  ["a hexadecimal key", "0123456789abcdef0123456789abcdef", "[redacted]"],
  ["a word", "antidisestablishmentarianism-and-more-of-it", "antidisestablishmentarianism-and-more-of-it"],
  ["a number", "1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"],
  ["a short secret, which could be a word", "on", "on"],
])("%s", (_what, text, expected) => {
  expect(withoutSecrets(text, ["a-secret-value", "a&secret&value", "on"])).toBe(expected);
});
