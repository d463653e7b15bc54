import { once } from "node:events";
import { request, type OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { DoorWatch } from "../../src/cluster/door-watch.ts";
import { clusterKeyOf, ExchangeAuth } from "../../src/cluster/exchange-auth.ts";
import { InternalServer, type Exchange } from "../../src/cluster/internal-server.ts";

const PATH = "/internal/test";
const KEY = clusterKeyOf("the cluster's secret key");
const TARGET = { id: "target", token: "the target's token" };

/** A listener that says what it was asked, and a peer of it. */
async function openServer() {
  const server = await InternalServer.listen({ host: "127.0.0.1", port: 0 });
  const doors = new DoorWatch();
  onTestFinished(async () => {
    doors[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });
  const asked: Pick<Exchange, "from" | "first">[] = [];
  const auth = new ExchangeAuth(KEY, { replicaId: TARGET.id, token: TARGET.token });
  const answer = async ({ from, first, response }: Exchange): Promise<void> => {
    asked.push({ from, first });
    response.end("heard");
  };
  server.serve({ auth, doors, handlers: { [PATH]: answer }, log: { error: () => expect.fail("It failed.") } });
  const ask = async (firstLine: string, headers: OutgoingHttpHeaders, path = PATH, method = "POST") => {
    const sent = request({ host: "127.0.0.1", port: server.port, path, method, headers });
    sent.on("error", () => {});
    sent.end(`${firstLine}\n`);
    const [response] = await once(sent, "response");
    return [response.statusCode, await text(response)];
  };
  return { ask, asked, port: server.port };
}

function signed(firstLine: string, { key = KEY, target = TARGET, path = PATH } = {}): Record<string, string> {
  const auth = new ExchangeAuth(key, { replicaId: "sender", token: "the sender's token" });
  return { ...auth.headersFor(target, { path, firstLine }) };
}

test("a peer's request is heard, with who sent it", async () => {
  const { ask, asked } = await openServer();
  expect(await ask('{"a":1}', signed('{"a":1}'))).toEqual([200, "heard"]);
  expect(asked).toEqual([{ from: "sender", first: { a: 1 } }]);
});

test.each([
  ["without a signature", "{}", {}],
  ["with another key", "{}", signed("{}", { key: clusterKeyOf("another secret key") })],
  ["for another replica", "{}", signed("{}", { target: { id: "another", token: TARGET.token } })],
  ["from before the replica's last start", "{}", signed("{}", { target: { id: TARGET.id, token: "an old token" } })],
  ["for another path", "{}", signed("{}", { path: "/internal/other" })],
  ["with another first line", '{"a":2}', signed('{"a":1}')],
  ["in another replica's name", "{}", { ...signed("{}"), "x-replica": "another" }],
  ["with a number that is none", "{}", { ...signed("{}"), "x-nonce": "a.b" }],
])("a request %s is refused", async (_name, firstLine, headers) => {
  const { ask, asked } = await openServer();
  expect(await ask(firstLine, { "x-protocol": "1", ...headers })).toEqual([401, ""]);
  expect(asked).toEqual([]);
});

test("a request that is sent twice is heard once", async () => {
  const { ask, asked } = await openServer();
  const headers = signed("{}");
  expect(await ask("{}", headers)).toEqual([200, "heard"]);
  expect(await ask("{}", headers)).toEqual([401, ""]);
  expect(asked).toHaveLength(1);
});

test("requests of one peer may overtake each other, each once", async () => {
  const { ask } = await openServer();
  const auth = new ExchangeAuth(KEY, { replicaId: "sender", token: "t" });
  const all = Array.from({ length: 20 }, () => auth.headersFor(TARGET, { path: PATH, firstLine: "{}" }));
  for (const headers of all.toReversed()) expect(await ask("{}", headers)).toEqual([200, "heard"]);
  for (const headers of all) expect(await ask("{}", headers)).toEqual([401, ""]);
});

test("replicas of another protocol, other paths and other methods are refused", async () => {
  const { ask } = await openServer();
  expect(await ask("{}", { ...signed("{}"), "x-protocol": "2" })).toEqual([426, ""]);
  expect(await ask("{}", signed("{}"), "/v1/models")).toEqual([404, ""]);
  expect(await ask("{}", signed("{}"), "/constructor")).toEqual([404, ""]);
  expect(await ask("{}", signed("{}"), PATH, "PUT")).toEqual([404, ""]);
});

test("a first line without an end is refused when it is too long", async () => {
  const { ask } = await openServer();
  const long = JSON.stringify("x".repeat(70_000));
  expect(await ask(long, signed(long))).toEqual([401, ""]);
});

test("what is not HTTP is hung up on", async () => {
  const { port } = await openServer();
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("hello\r\n\r\n");
  await once(socket, "close");
  expect(socket.bytesRead).toBe(0);
});
