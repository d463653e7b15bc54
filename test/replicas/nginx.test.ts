import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { Nginx } from "./nginx.ts";

/** In place of a gateway: what it got, whole, and what it does then. */
class Backend implements AsyncDisposable {
  readonly got: string[] = [];
  readonly #server: Server;

  private constructor(doThen: "answer" | "break") {
    this.#server = createServer((request, response) => void this.#serve(request, response, doThen));
  }

  static async start(doThen: "answer" | "break"): Promise<Backend> {
    const backend = new Backend(doThen);
    backend.#server.listen(0, "127.0.0.1");
    await once(backend.#server, "listening");
    return backend;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async #serve(request: IncomingMessage, response: ServerResponse, doThen: "answer" | "break"): Promise<void> {
    this.got.push(await text(request));
    if (doThen === "answer") response.end("answered");
    // As a gateway that is killed at work.
    else request.socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function ask(url: string, body: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, { method: "POST", body });
}

/** One that nginx has read whole before it connects, and one that it has not. */
const SIZES = [10, 300_000];

test.each(SIZES)("a prompt of %i bytes whose gateway dies is not sent to another one", async (size) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "n-"));
  await using one = await Backend.start("break");
  await using other = await Backend.start("break");
  await using nginx = await Nginx.start(folder.path, [one.port, other.port]);
  const prompts = ["first", "second"].map((word) => word.padEnd(size, "."));
  for (const prompt of prompts) {
    const response = await ask(nginx.url, prompt);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "server_unavailable" } });
  }
  expect([...one.got, ...other.got].filter((body) => body !== "").toSorted()).toEqual(prompts);
});

test.each(SIZES)("a prompt of %i bytes goes to another gateway when one does not listen", async (size) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "n-"));
  await using alive = await Backend.start("answer");
  await using nginx = await Nginx.start(folder.path, [await freePort(), alive.port]);
  const prompts = Array.from({ length: 6 }, (_one, index) => `prompt ${index}`.padEnd(size, "."));
  for (const prompt of prompts) expect((await ask(nginx.url, prompt)).status).toBe(200);
  expect(alive.got.filter((body) => body !== "")).toEqual(prompts);
});
