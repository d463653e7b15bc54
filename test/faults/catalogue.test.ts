import { readFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { BROWSER_ROWS } from "./browser-rows.ts";
import { CLIENT_ROWS } from "./client-rows.ts";
import { CONNECTION_ROWS } from "./connection-rows.ts";
import { HOST_ROWS } from "./host-rows.ts";
import { INPUT_ROWS } from "./input-rows.ts";
import { LAUNCH_ROWS } from "./launch-rows.ts";
import { NETWORK_ROWS } from "./network-rows.ts";
import { QUEUE_ROWS } from "./queue-rows.ts";
import { inject, type HostRow, type Row } from "./row.ts";
import { SHORTAGE_ROWS } from "./shortage-rows.ts";
import { SITE_ROWS } from "./site-rows.ts";

const ROWS: readonly (Row | HostRow)[] = [
  ...BROWSER_ROWS,
  ...LAUNCH_ROWS,
  ...NETWORK_ROWS,
  ...SITE_ROWS,
  ...CLIENT_ROWS,
  ...CONNECTION_ROWS,
  ...INPUT_ROWS,
  ...QUEUE_ROWS,
  ...HOST_ROWS,
  ...SHORTAGE_ROWS,
];

/** Rows of the table in docs/faults.md, with the times of this run. */
const seen: string[] = [];
afterAll(() => console.log(seen.join("\n")));

function tableRow({ id, fault, gets }: Row | HostRow): string {
  return `| ${id} | ${fault} | ${gets} |`;
}

test.each(ROWS)("$id: $fault", { timeout: 90_000 }, async (row) => {
  const { gets, broken, recoveredMs } = await inject(row);
  expect({ gets, broken }).toEqual({ gets: row.gets, broken: [] });
  const after = recoveredMs === undefined ? "—" : `${(recoveredMs / 1000).toFixed(1)} s`;
  seen.push(`${tableRow(row)} ${after} |`);
});

test("docs/faults.md has every fault, and what its client gets", async () => {
  const text = await readFile(new URL("../../docs/faults.md", import.meta.url), "utf8");
  const documented = text.split("\n").filter((line) => /^\| F\d/.test(line));
  expect(documented.map((line) => line.replace(/ [^|]*\|$/, ""))).toEqual(ROWS.map(tableRow));
});
