import { afterAll, expect, test } from "vitest";
import { LivezProbe } from "../support/livez-probe.ts";
import { LACKS_XVFB } from "../support/xvfb.ts";
import { tableRow } from "./catalogue.ts";
import { inject, type HostRow, type Row } from "./row.ts";

/** A test for each row. At the end it prints them as docs/faults.md has them, with the times of this run. */
export function testRows(rows: readonly (Row | HostRow)[]): void {
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

  test.for(rows)("$id: $fault", { timeout: 240_000 }, async (row, { skip }) => {
    skip(row.needs === "Xvfb" && LACKS_XVFB, "Xvfb is not installed");
    await probe.longest();
    const { gets, broken, recoveredMs } = await inject(row, probe);
    const stalls = await probe.longest();
    if (stalls.livezMs > longest.livezMs) longest = { id: row.id, ...stalls };
    expect({ gets, broken }).toEqual({ gets: row.gets, broken: [] });
    const after = recoveredMs === undefined ? "—" : `${(recoveredMs / 1000).toFixed(1)} s`;
    seen.push(`${tableRow(row)} ${after} |`);
  });
}
