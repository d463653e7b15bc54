import { BROWSER_ROWS } from "./browser-rows.ts";
import { CLIENT_ROWS } from "./client-rows.ts";
import { CONNECTION_ROWS } from "./connection-rows.ts";
import { HOST_ROWS } from "./host-rows.ts";
import { INPUT_ROWS } from "./input-rows.ts";
import { LAUNCH_ROWS } from "./launch-rows.ts";
import { NETWORK_ROWS } from "./network-rows.ts";
import { PAGE_ROWS } from "./page-rows.ts";
import { QUEUE_ROWS } from "./queue-rows.ts";
import type { HostRow, Row } from "./row.ts";
import { SCHEMA_ROWS } from "./schema-rows.ts";
import { SHORTAGE_ROWS } from "./shortage-rows.ts";
import { SITE_ROWS } from "./site-rows.ts";
import { SURROUNDINGS_ROWS } from "./surroundings-rows.ts";

/** They end or freeze processes of browsers. */
const STRIKE_BROWSERS = new Set(["F29a", "F29c"]);
/** Their browsers serve one scene after the other: starting them takes longer than most faults. */
const LEAVE_BROWSERS_ALONE = new Set(
  [CLIENT_ROWS, CONNECTION_ROWS, INPUT_ROWS, SCHEMA_ROWS, QUEUE_ROWS, SITE_ROWS]
    .flat()
    .filter(({ id }) => !STRIKE_BROWSERS.has(id)),
);

function sharing(row: Row | HostRow): Row | HostRow {
  if ("host" in row || !LEAVE_BROWSERS_ALONE.has(row)) return row;
  return { ...row, scene: { sharesBrowsers: true, ...row.scene } };
}

/** What browsers, their networks and their pages do. */
export const FAULTS_OF_BROWSERS: readonly (Row | HostRow)[] = [
  ...BROWSER_ROWS,
  ...LAUNCH_ROWS,
  ...NETWORK_ROWS,
  ...PAGE_ROWS,
];

/** What sites, clients and the gateway's own machine do. */
export const FAULTS_OF_OTHERS: readonly (Row | HostRow)[] = [
  ...SITE_ROWS,
  ...CLIENT_ROWS,
  ...CONNECTION_ROWS,
  ...INPUT_ROWS,
  ...SCHEMA_ROWS,
  ...QUEUE_ROWS,
  ...HOST_ROWS,
  ...SHORTAGE_ROWS,
  ...SURROUNDINGS_ROWS,
].map(sharing);

/** The row's beginning in docs/faults.md. */
export function tableRow({ id, fault, gets }: Row | HostRow): string {
  return `| ${id} | ${fault} | ${gets} |`;
}
