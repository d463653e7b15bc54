import type { Readiness } from "../pool/pool-status.ts";
import type { Cluster } from "./cluster.ts";

/** Whether requests can be answered: by the accounts in use here, or by those of another replica. */
export function readinessIn(
  cluster: Pick<Cluster, "isFenced" | "isDraining" | "isJoining" | "peers"> | undefined,
  own: Readiness,
): Readiness {
  if (!cluster || cluster.isDraining) return own;
  if (cluster.isFenced) return { ready: false, reasons: ["the database does not answer"] };
  if (cluster.isJoining) return { ready: false, reasons: ["its accounts are on their way"] };
  const isServedElsewhere = cluster.peers.some(({ isLive, isDraining, weight }) => isLive && !isDraining && weight > 0);
  return isServedElsewhere ? { ready: true, reasons: [] } : own;
}
