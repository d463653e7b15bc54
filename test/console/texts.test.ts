import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { expect, test } from "vitest";
import { zh } from "../../console/texts/zh.ts";

const CONSOLE = join(import.meta.dirname, "../../console");
const sources = readdirSync(CONSOLE, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith("dist") && !path.startsWith("texts/zh"))
  .map((path) => readFileSync(join(CONSOLE, path), "utf8"))
  .join("\n");
const texts = Object.entries(zh);

// That no text lacks its Chinese is checked by the types.
test("the Chinese catalogue has no text that the console does not show", () => {
  expect(texts.map(([english]) => english).filter((english) => !sources.includes(JSON.stringify(english)))).toEqual([]);
});

test.each(texts)("the Chinese of %j has the same placeholders", (english, chinese) => {
  expect(placeholders(chinese)).toEqual(placeholders(english));
});

function placeholders(message: string): string[] {
  const tokens = compileMessage(message);
  const names = typeof tokens === "string" ? [] : tokens.flatMap((token) => (Array.isArray(token) ? [token[0]] : []));
  return [...new Set(names)].toSorted();
}
