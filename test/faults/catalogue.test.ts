import { readFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { LivezProbe } from "../support/livez-probe.ts";
import { LACKS_XVFB } from "../support/xvfb.ts";
import { BROWSER_ROWS } from "./browser-rows.ts";
import { CLIENT_ROWS } from "./client-rows.ts";
import { CONNECTION_ROWS } from "./connection-rows.ts";
import { HOST_ROWS } from "./host-rows.ts";
import { INPUT_ROWS } from "./input-rows.ts";
import { LAUNCH_ROWS } from "./launch-rows.ts";
import { NETWORK_ROWS } from "./network-rows.ts";
import { QUEUE_ROWS } from "./queue-rows.ts";
import { PAGE_ROWS } from "./page-rows.ts";
import { SCHEMA_ROWS } from "./schema-rows.ts";
import { SURROUNDINGS_ROWS } from "./surroundings-rows.ts";
import { inject, type HostRow, type Row } from "./row.ts";
import { SHORTAGE_ROWS } from "./shortage-rows.ts";
import { SITE_ROWS } from "./site-rows.ts";

const ROWS: readonly (Row | HostRow)[] = [
  ...BROWSER_ROWS,
  ...LAUNCH_ROWS,
  ...NETWORK_ROWS,
  ...SITE_ROWS,
  ...PAGE_ROWS,
  ...CLIENT_ROWS,
  ...CONNECTION_ROWS,
  ...INPUT_ROWS,
  ...SCHEMA_ROWS,
  ...QUEUE_ROWS,
  ...HOST_ROWS,
  ...SHORTAGE_ROWS,
  ...SURROUNDINGS_ROWS,
];

/** Rows of the table in docs/faults.md, with the times of this run. */
const seen: string[] = [];
/** Which row made the gateway wait for longest. */
let longest = { id: "none", livezMs: 0, idleMs: 0 };
const probe = new LivezProbe();
afterAll(async () => {
  await probe[Symbol.asyncDispose]();
  const { id, livezMs, idleMs } = longest;
  const stalls = `Longest GET /livez: ${livezMs.toFixed(0)} ms, in ${id}; an idle event loop in the same row: ${idleMs.toFixed(0)} ms.`;
  console.log([...seen, stalls].join("\n"));
});

function tableRow({ id, fault, gets }: Row | HostRow): string {
  return `| ${id} | ${fault} | ${gets} |`;
}

test.for(ROWS)("$id: $fault", { timeout: 240_000 }, async (row, { skip }) => {
  skip(row.needs === "Xvfb" && LACKS_XVFB, "Xvfb is not installed");
  await probe.longest();
  const { gets, broken, recoveredMs } = await inject(row, probe);
  const stalls = await probe.longest();
  if (stalls.livezMs > longest.livezMs) longest = { id: row.id, ...stalls };
  expect({ gets, broken }).toEqual({ gets: row.gets, broken: [] });
  const after = recoveredMs === undefined ? "—" : `${(recoveredMs / 1000).toFixed(1)} s`;
  seen.push(`${tableRow(row)} ${after} |`);
});

test("docs/faults.md has every fault, and what its client gets", async () => {
  const text = await readFile(new URL("../../docs/faults.md", import.meta.url), "utf8");
  const documented = text.split("\n").filter((line) => /^\| F\d/.test(line));
  expect(documented.map((line) => line.replace(/ [^|]*\|$/, ""))).toEqual(ROWS.map(tableRow));
});
