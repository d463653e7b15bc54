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

/** What browsers, networks, sites and their pages do. */
export const FAULTS_OF_SITES: readonly (Row | HostRow)[] = [
  ...BROWSER_ROWS,
  ...LAUNCH_ROWS,
  ...NETWORK_ROWS,
  ...SITE_ROWS,
  ...PAGE_ROWS,
];

/** What clients and the gateway's own machine do. */
export const FAULTS_OF_CLIENTS: readonly (Row | HostRow)[] = [
  ...CLIENT_ROWS,
  ...CONNECTION_ROWS,
  ...INPUT_ROWS,
  ...SCHEMA_ROWS,
  ...QUEUE_ROWS,
  ...HOST_ROWS,
  ...SHORTAGE_ROWS,
  ...SURROUNDINGS_ROWS,
];

/** The row's beginning in docs/faults.md. */
export function tableRow({ id, fault, gets }: Row | HostRow): string {
  return `| ${id} | ${fault} | ${gets} |`;
}
