import type { z } from "zod";
import type { GatewayError } from "../../errors.ts";
import { retryAdvice, waitSeconds } from "../retry-advice.ts";
import type { errorSchema } from "./answer-schema.ts";

export type ErrorBody = z.infer<typeof errorSchema>;

export function toErrorBody(error: GatewayError): ErrorBody {
  const { type } = error.row;
  return { error: { message: messageOf(error), type, param: error.param ?? null, code: error.code } };
}

/** LangChain reads the wait of a 429 from its message. */
function messageOf(error: GatewayError): string {
  const { afterMs } = retryAdvice(error);
  if (error.row.status !== 429 || afterMs === undefined) return error.message;
  return `${error.message} Please try again in ${waitSeconds(afterMs)}s.`;
}
