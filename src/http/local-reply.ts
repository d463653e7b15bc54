import type { ReplyPart } from "../chat.ts";
import type { Progress, Reply } from "../gateway.ts";

const PROGRESS: Progress = {
  accountId: undefined,
  attempts: 0,
  queuedMs: 0,
  queuePosition: undefined,
  estimatedWaitMs: undefined,
  isLocal: true,
};

/** An answer that the gateway gives by itself. */
export function localReply(text: string): Reply {
  return { progress: PROGRESS, [Symbol.asyncIterator]: () => partsOf(text) };
}

async function* partsOf(text: string): AsyncGenerator<ReplyPart, void, undefined> {
  yield { type: "text-delta", text };
  yield { type: "end", finishReason: "stop" };
}
