import { once } from "node:events";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Fault } from "./fault.ts";
import type { Post, Record } from "./record.ts";
import { userTurns } from "./transcript.ts";

/** Chunks are cut by bytes, so characters beyond ASCII are split now and then, as on the real wire. */
const CHUNK_BYTES = 8;
const HUGE_CHUNK = Buffer.alloc(64 * 1024, "x");
const TEXT_TYPE = "text/plain; charset=utf-8";

interface Exchange {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly post: Post;
  readonly record: Record;
  readonly fault: Fault;
  /** Pause between chunks, unless the fault has its own. */
  readonly chunkDelayMs: number;
}

/** Answers a prompt as its fault says. Resolves when the answer has ended or the client has left. */
export async function answer(exchange: Exchange, gone: AbortSignal): Promise<void> {
  const { response, fault, post, record } = exchange;
  if (fault.delayMs) await pause(fault.delayMs, gone);
  if (gone.aborted) return;
  if (fault.resetBeforeHeaders) return breakOff(exchange);
  response.statusCode = fault.redirectTo === undefined ? (fault.status ?? 200) : 302;
  if (fault.redirectTo !== undefined) response.setHeader("location", fault.redirectTo);
  if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
  if (fault.asksForPassword) response.setHeader("www-authenticate", 'Basic realm="site"');
  const [type, body] = fixedBody(fault);
  response.setHeader("content-type", type);
  record.answered(post, response.statusCode);
  if (body !== undefined) {
    record.sent(post, body);
    return void response.end(body);
  }
  // HTTP/2 responses have no flushHeaders; an empty write sends the headers.
  response.write("");
  if (fault.firstByteDelayMs) await pause(fault.firstByteDelayMs, gone);
  await stream(exchange, gone);
}

function fixedBody(fault: Fault): [type: string, body: string | undefined] {
  if (fault.html) return ["text/html; charset=utf-8", "<!doctype html><html><body>Please sign in</body></html>"];
  if (fault.jsonError) return ["application/json", '{"error":"quota exceeded"}'];
  if (fault.empty || fault.redirectTo !== undefined) return [TEXT_TYPE, ""];
  if (fault.whitespace) return [TEXT_TYPE, " \n\n "];
  if ((fault.status ?? 200) !== 200) return [TEXT_TYPE, `status ${fault.status}`];
  return [TEXT_TYPE, undefined];
}

async function stream(exchange: Exchange, gone: AbortSignal): Promise<void> {
  const { response, fault, post, record } = exchange;
  const delayMs = fault.chunkDelayMs ?? (fault.hugeBytes === undefined ? exchange.chunkDelayMs : 0);
  const lastChunk = Math.min(fault.stallAfterChunks ?? Infinity, fault.resetAfterChunks ?? Infinity);
  let count = 0;
  for (const chunk of chunksOf(post.prompt, fault)) {
    if (gone.aborted) return;
    if (count === lastChunk) break;
    count += 1;
    record.sent(post, chunk);
    if (!response.write(chunk)) await drained(response, gone);
    // The next chunk is made after the pause, so that a time stamp tells when it is written.
    if (delayMs > 0) await pause(delayMs, gone);
  }
  if (gone.aborted) return;
  if (count === fault.stallAfterChunks) return pause(Infinity, gone);
  if (count === fault.resetAfterChunks) return breakOff(exchange);
  response.end();
}

function* chunksOf(prompt: string, fault: Fault): Generator<string | Buffer, void, undefined> {
  if (fault.hugeBytes !== undefined) {
    for (let left = fault.hugeBytes; left > 0; left -= HUGE_CHUNK.length) yield HUGE_CHUNK.subarray(0, left);
  } else if (fault.chunks !== undefined) {
    const chunk = fault.chunkText ?? "word ";
    for (let index = 0; index < fault.chunks; index += 1) yield fault.stamps ? stamp() : chunk;
  } else {
    const text = fault.text ?? `You said: ${userTurns(prompt).at(-1)?.text ?? ""}`;
    const bytes = Buffer.from(text);
    if (fault.bytewise) for (let at = 0; at < bytes.length; at += 1) yield bytes.subarray(at, at + 1);
    else for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
  }
}

function stamp(): string {
  return `${(performance.timeOrigin + performance.now()).toFixed(3)}\n`;
}

/** HTTP/2 resets the stream, HTTP/1.1 the connection. */
function breakOff({ request, response, record, post }: Exchange): void {
  record.end(post, "broken");
  if (request.httpVersionMajor >= 2) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else request.socket.destroy();
}

/** Ends at once when the client leaves; no timer is left. */
async function pause(ms: number, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : undefined;
  const onGone = (): void => resolve();
  gone.addEventListener("abort", onGone, { once: true });
  await promise;
  clearTimeout(timer);
  gone.removeEventListener("abort", onGone);
}

async function drained(response: Http2ServerResponse, gone: AbortSignal): Promise<void> {
  try {
    await once(response, "drain", { signal: gone });
  } catch {
    // The client left. The next write checks the signal.
  }
}
