import { afterAll, expect, test } from "vitest";
import { MOVING_ROWS } from "./moving-rows.ts";
import { OPERATOR_ROWS } from "./operator-rows.ts";
import { PROCESS_ROWS } from "./process-rows.ts";
import { inject } from "./row.ts";
import { ReplicaScene } from "./scene.ts";
import { WIRE_ROWS } from "./wire-rows.ts";

const ROWS = [...PROCESS_ROWS, ...WIRE_ROWS, ...OPERATOR_ROWS, ...MOVING_ROWS];
const ROW_LIMIT_MS = 600_000;

/** The replicas go from one fault to the next, as they would in life; after a failure they are made anew. */
let scene: ReplicaScene | undefined;
const seen: string[] = [];
afterAll(async () => {
  await scene?.[Symbol.asyncDispose]();
  console.log(seen.join("\n"));
});

test.for(ROWS)("$id: $fault", { timeout: ROW_LIMIT_MS }, async (row) => {
  const current = (scene ??= await ReplicaScene.open());
  scene = undefined;
  await using failed = new AsyncDisposableStack();
  failed.use(current);
  failed.defer(async () => console.log(`${row.id} failed; the replicas' logs are in ${await current.keepLogs()}`));
  const { broken, servedMs, told } = await inject(row, current);
  seen.push(`${row.id}: ${row.fault}: all serve after ${(servedMs / 1_000).toFixed(1)} s; ${told}`);
  expect(broken).toEqual([]);
  expect(servedMs).toBeLessThan(row.withinMs);
  failed.move();
  scene = current;
});
