import { createHash } from "node:crypto";
import type { ClientRequest } from "node:http";
import { GatewayError } from "../errors.ts";
import { abortable } from "../process/abortable.ts";
import type { ExchangeHandler } from "./internal-server.ts";
import { writeLines, type LineReader } from "./lines.ts";
import { answerOf } from "./peer-answer.ts";
import type { PeerLink } from "./peer-link.ts";
import { errorIn, errorLine, type ErrorLine } from "./protocol.ts";

/** The first line, which is proven, vouches for the second one, which may be long. */
interface DigestLine {
  readonly digest: string;
}

interface AnswerLine {
  readonly value?: unknown;
  readonly error?: ErrorLine;
}

/** A credential of 1 MiB, with room for its escapes. */
const QUESTION_BYTES = 16_777_216;
/** The rows of thousands of accounts, or a picture of a page. */
const ANSWER_BYTES = 67_108_864;
/** A message of a stream: the rows of all accounts at most. */
const MESSAGE_BYTES = 67_108_864;

/**
 * Asks a peer one question. Both are JSON values.
 * @throws GatewayError `replica_unavailable` when it does not answer before the signal aborts, or what its work throws
 */
export async function callPeer(link: PeerLink, path: string, question: object, signal: AbortSignal): Promise<unknown> {
  const asked = send(link, path, question);
  const onAbort = (): void => void asked.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const lines = await answerOf(asked, ANSWER_BYTES);
    const line = await lines.next<AnswerLine>();
    // The connection serves again when its answer was read to the end.
    await lines.text();
    if (line?.error) throw errorIn(line.error);
    if (line) return line.value;
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  throw new GatewayError("replica_unavailable", `Replica ${link.peer.id} does not answer.`);
}

/** The lines of a peer's answer without end. It ends with the connection. @throws the signal's reason. */
export async function* followPeer(
  link: PeerLink,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const asked = send(link, path, {});
  try {
    const lines = await abortable(answerOf(asked, MESSAGE_BYTES), signal);
    for (;;) {
      const text = await abortable(lines.text(), AbortSignal.any([signal, link.lost]));
      if (text === undefined) return;
      yield text;
    }
  } finally {
    asked.destroy();
  }
}

/** Answers questions of peers with what `work` returns or throws. */
export function answering(work: (question: never) => Promise<unknown>): ExchangeHandler {
  return async ({ first, lines, response }) => {
    const question = await questionIn(lines, first as DigestLine);
    const answer: AnswerLine = await work(question as never).then(
      (value) => ({ value: value ?? null }),
      (cause: unknown) => ({ error: errorLine(GatewayError.from(cause)) }),
    );
    await writeLines(response, answer);
    response.end();
  };
}

function send(link: PeerLink, path: string, question: object): ClientRequest {
  const text = JSON.stringify(question);
  const asked = link.ask(path, { digest: digestOf(text) } satisfies DigestLine);
  asked.end(`${text}\n`);
  return asked;
}

/** @throws Error when it is not what the first line vouches for. */
async function questionIn(lines: LineReader, { digest }: DigestLine): Promise<unknown> {
  lines.limitBytes = QUESTION_BYTES;
  const text = await lines.text();
  if (text === undefined || digestOf(text) !== digest)
    throw new Error("The question is not the one that was announced.");
  return JSON.parse(text) as unknown;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
