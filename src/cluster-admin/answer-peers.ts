import { once } from "node:events";
import type { StreamSources } from "../admin/stream-sources.ts";
import { StreamReader } from "../admin/stream-reader.ts";
import type { ExchangeHandler, InternalServerParts } from "../cluster/internal-server.ts";
import { answering } from "../cluster/peer-calls.ts";
import { ADMIN_PATH, LIVE_VIEW_PATH, STREAM_PATH } from "../cluster/protocol.ts";
import type { OwnReplica } from "../cluster/cluster-facts.ts";
import type { ToldGrant } from "../live-view/elsewhere.ts";
import { answersOf, type AnswerParts, type AskOf, type AskType } from "./asks.ts";
import { shownReplica } from "./merged-overview.ts";

export interface AnswerPeersParts extends AnswerParts {
  /** Aborts when the gateway stops. */
  readonly leaving: AbortSignal;
}

interface Question {
  readonly type: AskType;
  readonly ask: AskOf<AskType>;
}

/** What other replicas may ask for their operators, by path. */
export function answerPeers(parts: AnswerPeersParts): Pick<InternalServerParts, "handlers" | "upgrades"> {
  const answers = answersOf(parts);
  return {
    handlers: {
      [ADMIN_PATH]: answering(async ({ type, ask }: Question) => answers[type](ask as never)),
      [STREAM_PATH]: (exchange) => tell(exchange, parts),
    },
    upgrades: {
      [LIVE_VIEW_PATH]: (grant, request, socket, head) => parts.viewers.take(grant as ToldGrant, request, socket, head),
    },
  };
}

/** The stream of this replica's own changes, until nobody reads it any more. */
async function tell({ response, gone }: Parameters<ExchangeHandler>[0], { local, own, leaving }: AnswerPeersParts) {
  const over = AbortSignal.any([gone, leaving]);
  using watch = await local.watch();
  using _reader = new StreamReader(withReplica(watch.sources, own), response);
  if (!over.aborted) await once(over, "abort");
  response.end();
}

function withReplica(sources: StreamSources, own: () => OwnReplica): StreamSources {
  const replicas = (overview = sources.overview()) => {
    return [shownReplica({ replica: own(), overview, accounts: sources.accounts() }, { isAsked: true })];
  };
  return {
    ...sources,
    overview: () => ({ ...sources.overview(), replicas: replicas() }),
    now: () => ({ ...sources.now(), replicas: replicas() }),
  };
}
