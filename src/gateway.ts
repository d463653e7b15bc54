import type { ChatRequest, ReplyPart } from "./chat.ts";

/** One answer under way. Iterate it once; leaving the loop early cancels it upstream. */
export interface Reply extends AsyncIterable<ReplyPart> {
  /** Which credential is answering; undefined until one was leased. */
  readonly credentialId: string | undefined;
  /** How many credentials were tried so far. */
  readonly attempts: number;
}

export interface Gateway {
  /** Nothing happens until the reply is iterated. The iteration throws GatewayError only. */
  reply(request: ChatRequest, signal: AbortSignal): Reply;
}
