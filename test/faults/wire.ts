import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { API_KEY } from "../support/api-key.ts";
import type { Told } from "./asked.ts";
import { chatBody } from "./clients.ts";

/** A request as it goes over the wire; further headers stand as they are, and the connection stays. */
export function requestBytes(prompt: string, ...headers: string[]): string {
  const body = chatBody(prompt);
  return `${headBytes(...headers, `Content-Length: ${Buffer.byteLength(body)}`)}${body}`;
}

export function headBytes(...headers: string[]): string {
  const lines = ["Host: localhost", `Authorization: Bearer ${API_KEY}`, "Content-Type: application/json", ...headers];
  return `POST /v1/chat/completions HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

export interface Manner {
  readonly signal?: AbortSignal;
  /** Sends a byte now and then from here on. */
  readonly slowFrom?: number;
}

const SLOW_EVERY_MS = 100;

/** Says these bytes over a connection of their own; what is answered until the server closes it, an item an answer. */
export async function converse(url: string, bytes: string, { signal, slowFrom }: Manner = {}): Promise<Told[]> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const leave = (): void => void socket.destroy();
  signal?.addEventListener("abort", leave);
  const said: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => said.push(chunk));
  // Being cut off is what many of these conversations are for.
  socket.on("error", () => {});
  let at = slowFrom ?? bytes.length;
  socket.write(bytes.slice(0, at));
  const timer = setInterval(() => {
    if (socket.writable && at < bytes.length) socket.write(bytes.slice(at, (at += 1)));
  }, SLOW_EVERY_MS);
  await once(socket, "close");
  clearInterval(timer);
  signal?.removeEventListener("abort", leave);
  return answersIn(Buffer.concat(said));
}

/** Answers with a length, one after the other; those that only promise one are left out. */
function answersIn(said: Buffer): Told[] {
  const answers: Told[] = [];
  for (let at = 0; at < said.length;) {
    const headEnd = said.indexOf("\r\n\r\n", at);
    const [statusLine = "", ...fields] = said.toString("latin1", at, headEnd).split("\r\n");
    const headers = new Headers(fields.map((field) => field.split(/:\s*/, 2) as [string, string]));
    const status = Number(statusLine.split(" ")[1]);
    const bodyStart = headEnd + 4;
    at = bodyStart + Number(headers.get("content-length"));
    if (status >= 200) answers.push({ status, headers, body: Readable.from([said.subarray(bodyStart, at)]) });
  }
  return answers;
}
