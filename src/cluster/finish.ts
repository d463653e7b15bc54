import type { Places } from "../places/place.ts";
import type { Cluster } from "./cluster.ts";

interface Finishing {
  readonly liveViews: AsyncDisposable;
  readonly places: Pick<Places, "drain">;
  readonly cluster: Pick<Cluster, "drain"> | undefined;
}

/** Live views close, running answers end, and the accounts go to other replicas. */
export async function finish({ liveViews, places, cluster }: Finishing, limitMs: number): Promise<void> {
  await liveViews[Symbol.asyncDispose]();
  const limit = AbortSignal.timeout(limitMs);
  await Promise.all([places.drain(limit), cluster?.drain(limit)]);
}
