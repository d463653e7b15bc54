import type { Server } from "node:http";
import type { Places } from "../places/place.ts";
import type { Cluster } from "./cluster.ts";
import type { Routing } from "./routing.ts";

interface ServingParts {
  /** Undefined for a gateway that is alone. */
  readonly cluster: Cluster | undefined;
  readonly routing: Routing | undefined;
  /** Takes the accounts into use. */
  readonly configure: () => Promise<void>;
}

/**
 * Lets clients in, by `listening`, when their first request can be answered: a replica knows the accounts of all then. Gives
 * what `listening` gives.
 */
export async function letIn(
  listening: () => Promise<string>,
  { cluster, routing, configure }: ServingParts,
): Promise<string> {
  const url = cluster ? undefined : await listening();
  await cluster?.join();
  await configure();
  await routing?.look();
  return url ?? (await listening());
}

interface Finishing {
  readonly liveViews: AsyncDisposable;
  readonly places: Pick<Places, "drain">;
  readonly cluster: Pick<Cluster, "drain"> | undefined;
  readonly server: Pick<Server, "close">;
}

/**
 * Live views close, running answers end, and the accounts go to other replicas. A replica takes no connection meanwhile, so
 * that whoever distributes requests passes them to the others; a gateway that is alone says why it answers nothing.
 */
export async function finish({ liveViews, places, cluster, server }: Finishing, limitMs: number): Promise<void> {
  if (cluster) server.close();
  await liveViews[Symbol.asyncDispose]();
  const limit = AbortSignal.timeout(limitMs);
  // The places are to know that the accounts go to other replicas.
  await Promise.all([cluster?.drain(limit), places.drain(limit)]);
}
