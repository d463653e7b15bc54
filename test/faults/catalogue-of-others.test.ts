import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { FAULTS_OF_BROWSERS, FAULTS_OF_OTHERS, tableRow } from "./catalogue.ts";
import { testRows } from "./test-rows.ts";

testRows(FAULTS_OF_OTHERS);

test("docs/faults.md has every fault, and what its client gets", async () => {
  const text = await readFile(new URL("../../docs/faults.md", import.meta.url), "utf8");
  const documented = text.split("\n").filter((line) => /^\| F\d/.test(line));
  const rows = [...FAULTS_OF_BROWSERS, ...FAULTS_OF_OTHERS];
  expect(documented.map((line) => line.replace(/ [^|]*\|$/, ""))).toEqual(rows.map(tableRow));
});
