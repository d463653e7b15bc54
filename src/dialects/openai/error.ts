import { retryAdvice, waitSeconds, type GatewayError } from "../../errors.ts";

/** The body of every failed answer: https://platform.openai.com/docs/guides/error-codes */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

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
