import type { ClientRequest, IncomingMessage } from "node:http";
import { LineReader } from "./lines.ts";

/** The lines that answer a request. @throws Error when the peer refuses, or the connection breaks before it answers. */
export async function answerOf(asked: ClientRequest, limitBytes: number): Promise<LineReader> {
  const answered = Promise.withResolvers<IncomingMessage>();
  asked.once("response", answered.resolve);
  asked.once("error", answered.reject);
  asked.once("close", () => answered.reject(new Error("The connection closed.")));
  const response = await answered.promise;
  if (response.statusCode === 200) return new LineReader(response, limitBytes);
  asked.destroy();
  throw new Error(`The peer answered ${response.statusCode}.`);
}
