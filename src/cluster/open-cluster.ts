import type { Cluster, ClusterOptions, ClusterParts } from "./cluster.ts";

/** Connects to the other replicas. Undefined without DATABASE_URL: then there are none, and nothing of this is loaded. */
export async function openCluster(
  options: ClusterOptions | undefined,
  parts: ClusterParts,
): Promise<Cluster | undefined> {
  if (!options) return undefined;
  const { Cluster: Loaded } = await import("./cluster.ts");
  return Loaded.open(options, parts);
}
