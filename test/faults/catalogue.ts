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

/** Rows of these files that end or freeze processes of browsers; the others leave browsers alone. */
const STRIKE_BROWSERS = new Set(["F29a", "F29c"]);
const SHARING_ROWS = [SITE_ROWS, CLIENT_ROWS, CONNECTION_ROWS, INPUT_ROWS, SCHEMA_ROWS, QUEUE_ROWS].flat();

/** Browsers serve one scene after the other where a row leaves them alone: starting them takes longer than most faults. */
function sharing(row: Row): Row {
  return STRIKE_BROWSERS.has(row.id) ? row : { ...row, scene: { sharesBrowsers: true, ...row.scene } };
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
  ...SHARING_ROWS.map(sharing),
  ...HOST_ROWS,
  ...SHORTAGE_ROWS,
  ...SURROUNDINGS_ROWS,
];

/** The row's beginning in docs/faults.md. */
export function tableRow({ id, fault, gets }: Row | HostRow): string {
  return `| ${id} | ${fault} | ${gets} |`;
}
