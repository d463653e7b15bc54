import { describe, expect, test } from "vitest";
import { ConfiguredKeys } from "../../../../src/http/api-keys.ts";
import type { Item } from "../../../../src/dialects/openai/responses/item.ts";
import { ResponseStore, type ResponseStoreLimits } from "../../../../src/dialects/openai/responses/response-store.ts";
import { newResponse } from "../../../../src/dialects/openai/responses/response-object.ts";
import { ASK, eventsOf, open, saysInTurn } from "../../../support/responses-client.ts";
import { fails, hangs, says } from "../../../support/scripted-gateway.ts";

interface Created {
  readonly id: string;
  readonly output: { readonly id: string }[];
}

async function created(response: Response): Promise<Created> {
  return (await response.json()) as Created;
}

describe("a remembered response", () => {
  test("is continued with what was asked and answered, without its instructions", async () => {
    const { respond, turns } = await open(saysInTurn("One.", "Two.", "Three."));
    const first = await created(await respond({ instructions: "Be brief.", input: "1" }));
    const second = await created(await respond({ previous_response_id: first.id, input: "2", instructions: "Sing." }));
    expect(turns()).toEqual([
      { role: "system", text: "Sing." },
      { role: "user", text: "1" },
      { role: "assistant", text: "One." },
      { role: "user", text: "2" },
    ]);
    await respond({ previous_response_id: second.id, input: "3" });
    expect(turns()?.map(({ text }) => text)).toEqual(["1", "One.", "2", "Two.", "3"]);
    // The first is still there to be continued in another way.
    await respond({ previous_response_id: first.id, input: "2b" });
    expect(turns()?.map(({ text }) => text)).toEqual(["1", "One.", "2b"]);
  });

  test("is found as it was answered, in one piece or streamed", async () => {
    const { respond, get } = await open(says("Hello"));
    const whole = await created(await respond({}));
    expect(await created(await get(whole.id))).toEqual(whole);
    const streamed = eventsOf(await (await respond({ stream: true })).text()).at(-1)?.["response"] as Created;
    expect(await created(await get(streamed.id))).toEqual(streamed);
  });

  test("gives the items of its input, newest first, a page at a time", async () => {
    const { respond, get } = await open(says("Hello"));
    const input = ["a", "b", "c"].map((content) => ({ role: "user", content }));
    const { id } = await created(await respond({ input }));
    const page = async (query: string) => {
      const { data, ...rest } = (await (await get(`${id}/input_items?${query}`)).json()) as {
        data: { id: string; content: { text: string }[] }[];
      };
      return { ids: data.map((item) => item.id), texts: data.map(({ content }) => content[0]?.text), ...rest };
    };
    const all = await page("");
    expect(all).toMatchObject({ texts: ["c", "b", "a"], object: "list", has_more: false });
    const [first = "", second = "", third = ""] = all.ids;
    expect(await page("limit=2")).toMatchObject({
      ids: [first, second],
      first_id: first,
      last_id: second,
      has_more: true,
    });
    expect(await page(`limit=2&after=${second}`)).toMatchObject({ ids: [third], has_more: false });
    expect(await page("order=asc")).toMatchObject({ texts: ["a", "b", "c"] });
    expect(await page(`after=${third}`)).toMatchObject({ ids: [], first_id: null, last_id: null });
    for (const query of ["limit=0", "limit=ten", "order=up", "after=nobody"]) {
      const { error } = (await (await get(`${id}/input_items?${query}`)).json()) as { error: { param: string } };
      expect(error.param).toBe(query.split("=")[0]);
    }
  });

  test("gives its items to requests that refer to them", async () => {
    const { respond, turns } = await open(saysInTurn("One.", "Two."));
    const { output } = await created(await respond({ input: "1" }));
    await respond({
      input: [
        { role: "user", content: "1" },
        { type: "item_reference", id: output[0]?.id },
        { role: "user", content: "2" },
      ],
    });
    expect(turns()?.map(({ role, text }) => [role, text])).toEqual([
      ["user", "1"],
      ["assistant", "One."],
      ["user", "2"],
    ]);
  });

  test("is gone when it was deleted, with its items", async () => {
    const { respond, get } = await open(says("Hello"));
    const { id, output } = await created(await respond({}));
    expect(await (await get(id, "DELETE")).json()).toEqual({ id, object: "response", deleted: true });
    const message = `Response with id '${id}' not found.`;
    for (const [path, method] of [[id], [`${id}/input_items`], [id, "DELETE"]] as const) {
      const response = await get(path, method);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({
        error: { message, type: "invalid_request_error", param: null, code: "response_not_found" },
      });
    }
    expect((await respond({ previous_response_id: id })).status).toBe(400);
    expect((await respond({ input: [{ type: "item_reference", id: output[0]?.id }] })).status).toBe(404);
  });

  test("is kept when it was cut off by its limit", async () => {
    const { respond, get } = await open(says("one two three four"));
    const { id } = await created(await respond({ max_output_tokens: 2 }));
    expect(await (await get(id)).json()).toMatchObject({ status: "incomplete" });
  });

  test("is none that was not to be stored, failed, or was left by its client", async () => {
    const { respond, get } = await open(says("Hello"));
    const { id } = await created(await respond({ store: false }));
    expect((await get(id)).status).toBe(404);

    const broken = await open(fails(new Error("No."), "Hel"));
    const failed = eventsOf(await (await broken.respond({ stream: true })).text())[0]?.["response"] as Created;
    expect((await broken.get(failed.id)).status).toBe(404);

    const waiting = await open(hangs("Hel"));
    const stream = await waiting.client.responses.create({ ...ASK, stream: true });
    let left = "";
    for await (const event of stream) {
      if (event.type === "response.created") left = event.response.id;
      if (event.type === "response.output_text.delta") break;
    }
    expect((await waiting.get(left)).status).toBe(404);
  });

  test("cannot be read as a stream, nor changed", async () => {
    const { respond, get } = await open(says("Hello"));
    const { id } = await created(await respond({}));
    expect((await get(`${id}?stream=true`)).status).toBe(400);
    const refused = await get(id, "PUT");
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD, DELETE, OPTIONS"]);
  });
});

describe("the responses of one key", () => {
  test("are not forgotten because another key stores more than there is room for", async () => {
    const keys = { anna: "sk-annas-0123456789abcdef", ben: "sk-bens-fedcba9876543210" };
    const apiKeys = new ConfiguredKeys(Object.entries(keys).map(([name, value]) => ({ name, value })));
    const { url } = await open(says("Hello"), { apiKeys, limits: { maxBodyBytes: 5_000_000 } });
    const headersOf = (name: keyof typeof keys) => {
      return { authorization: `Bearer ${keys[name]}`, "content-type": "application/json" };
    };
    const store = async (name: keyof typeof keys, input: string) => {
      const body = JSON.stringify({ ...ASK, input });
      const response = await fetch(`${url}/v1/responses`, { method: "POST", headers: headersOf(name), body });
      expect(response.status).toBe(200);
      return created(response);
    };
    const isFound = async (name: keyof typeof keys, { id }: Created) => {
      const response = await fetch(`${url}/v1/responses/${id}`, { headers: headersOf(name) });
      await response.arrayBuffer();
      return response.status === 200;
    };
    const mine = await store("anna", "Remember me.");
    const others: Created[] = [];
    // Ten of four million characters: 80 MB where 64 MiB are kept.
    for (let turn = 0; turn < 10; turn += 1) others.push(await store("ben", "many words ".repeat(363_000)));
    expect(await isFound("anna", mine)).toBe(true);
    expect(await Promise.all(others.map((response) => isFound("ben", response)))).toEqual([
      ...Array<boolean>(2).fill(false),
      ...Array<boolean>(8).fill(true),
    ]);
  });
});

let count = 0;
function itemOf(text: string): Item {
  count += 1;
  return {
    id: `msg_${count}`,
    type: "message",
    status: "completed",
    role: "user",
    content: [{ type: "input_text", text }],
  };
}

function memoryOf(limits: Partial<ResponseStoreLimits>) {
  const clock = { nowMs: 0 };
  const memory = new ResponseStore(limits, () => clock.nowMs);
  const keep = (owner: string, ...conversation: Item[]) => {
    const response = newResponse({ model: "gptomni" });
    memory.add(owner, { response, input: conversation, conversation });
    return response.id;
  };
  return { memory, keep, clock };
}

describe("the memory", () => {
  test("never gives one caller what is another's", () => {
    const { memory, keep } = memoryOf({});
    const item = itemOf("secret");
    const id = keep("alice", item);
    expect(memory.find("bob", id)).toBeUndefined();
    expect(memory.findItem("bob", item.id)).toBeUndefined();
    expect(memory.delete("bob", id)).toBe(false);
    expect(memory.findItem("alice", item.id)).toBe(item);
  });

  test("forgets what was not of use for longest when there are too many", () => {
    const { memory, keep } = memoryOf({ maxResponses: 2 });
    const [first, second] = [keep("a", itemOf("1")), keep("a", itemOf("2"))];
    memory.find("a", first);
    keep("a", itemOf("3"));
    expect([memory.find("a", first), memory.find("a", second)]).toEqual([expect.anything(), undefined]);
  });

  test("forgets when there are too many bytes, and counts what conversations share once", () => {
    const { memory, keep } = memoryOf({ maxBytes: 100_000 });
    const long = itemOf("x".repeat(20_000));
    const ids = [1, 2, 3].map((turn) => keep("a", long, itemOf(String(turn))));
    expect(ids.map((id) => memory.find("a", id) !== undefined)).toEqual([true, true, true]);
    keep("a", itemOf("y".repeat(40_000)));
    expect(ids.map((id) => memory.find("a", id) !== undefined)).toEqual([false, false, false]);
    expect(memory.findItem("a", long.id)).toBeUndefined();
    expect(memory.bytes).toBeLessThan(100_000);
  });

  test("is not forgotten because another key stores more, by bytes or by number", () => {
    for (const limits of [{ maxBytes: 100_000 }, { maxResponses: 4 }]) {
      const { memory, keep } = memoryOf(limits);
      const mine = keep("a", itemOf("x".repeat(5_000)));
      const others = Array.from({ length: 10 }, (_, turn) => keep("b", itemOf(`${turn}`.repeat(15_000))));
      expect(memory.find("a", mine)).toBeDefined();
      expect(memory.find("b", others[0] ?? "")).toBeUndefined();
      expect(memory.find("b", others.at(-1) ?? "")).toBeDefined();
    }
  });

  test("shares the room among keys that all want more than there is", () => {
    const { memory, keep } = memoryOf({ maxResponses: 9 });
    const kept = Array.from({ length: 60 }, (_, turn) =>
      ["a", "b", "c"].map((owner) => [owner, keep(owner, itemOf(`${turn}`))]),
    );
    const left = kept.flat().filter(([owner = "", id = ""]) => memory.find(owner, id) !== undefined);
    const keptBy = (name: string): number => left.filter(([owner]) => owner === name).length;
    expect([keptBy("a"), keptBy("b"), keptBy("c")]).toEqual([3, 3, 3]);
  });

  test("keeps an item as long as one response holds it", () => {
    const { memory, keep } = memoryOf({});
    const item = itemOf("shared");
    const [first, second] = [keep("a", item), keep("a", item, item)];
    memory.delete("a", first);
    expect(memory.findItem("a", item.id)).toBe(item);
    memory.delete("a", second);
    expect([memory.findItem("a", item.id), memory.bytes]).toEqual([undefined, 0]);
  });

  test("forgets what was not of use for its lifetime", () => {
    const { memory, keep, clock } = memoryOf({ lifetimeMs: 100 });
    const [first, second] = [keep("a", itemOf("1")), keep("a", itemOf("2"))];
    clock.nowMs = 60;
    memory.find("a", first);
    clock.nowMs = 120;
    expect([memory.find("a", first), memory.find("a", second)]).toEqual([expect.anything(), undefined]);
    clock.nowMs = 220;
    expect(memory.find("a", first)).toBeUndefined();
    expect(memory.bytes).toBe(0);
  });
});
