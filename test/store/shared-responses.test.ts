import { describe, expect, onTestFinished, test } from "vitest";
import type { Item } from "../../src/dialects/openai/responses/item.ts";
import { newResponse } from "../../src/dialects/openai/responses/response-object.ts";
import { ResponseStore } from "../../src/dialects/openai/responses/response-store.ts";
import { Responses } from "../../src/dialects/openai/responses/responses.ts";
import { PostgresDatabase } from "../../src/store/postgres-database.ts";
import { ResponseRows, type ResponseRowLimits } from "../../src/store/response-rows.ts";
import { storePlace, type StorePlace } from "../support/engines.ts";
import { LACKS_POSTGRES } from "../support/postgres-server.ts";

const DATA_KEY = Buffer.alloc(32, 7);

async function rowsIn(place: StorePlace, limits: Partial<ResponseRowLimits> = {}): Promise<ResponseRows> {
  const database = await PostgresDatabase.open({ databaseUrl: place.options.databaseUrl ?? "" });
  onTestFinished(() => database[Symbol.asyncDispose]());
  return new ResponseRows(database, DATA_KEY, limits);
}

/** The stored responses of one gateway of several. */
async function gateway(place: StorePlace): Promise<Responses> {
  return new Responses(new ResponseStore(), await rowsIn(place));
}

function itemOf(id: string, text: string): Item {
  return { id, type: "message", status: "completed", role: "user", content: [{ type: "input_text", text }] };
}

function conversation(...items: Item[]) {
  return { response: newResponse({ model: "gptomni" }), input: items.slice(-1), conversation: items };
}

/** What the gateway knows of it when somebody asks for it. */
async function asked(responses: Responses, owner: string, id: string) {
  await responses.fetch(owner, id);
  return responses.memory.find(owner, id);
}

describe.skipIf(LACKS_POSTGRES)("a stored response", () => {
  test("is found at every gateway, by its owner only, until it is deleted at any", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await gateway(place), await gateway(place)];
    const stored = conversation(itemOf("item-1", "a secret word"));
    const { id } = stored.response;
    await one.add("anna", stored);
    expect(await asked(other, "anna", id)).toEqual(JSON.parse(JSON.stringify(stored)));
    expect(await asked(other, "ben", id)).toBeUndefined();
    expect(await place.contents()).not.toMatch(/secret word|item-1/);
    expect(await other.delete("anna", id)).toBe(true);
    expect(await asked(one, "anna", id)).toBeUndefined();
    expect(await one.delete("anna", id)).toBe(false);
  });

  test("gives its items to references at every gateway", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await gateway(place), await gateway(place)];
    await one.add("anna", conversation(itemOf("item-1", "first"), itemOf("item-2", "second")));
    await other.fetchItems("anna", ["item-2", "unknown"]);
    expect(other.memory.findItem("anna", "item-2")).toMatchObject({ content: [{ text: "second" }] });
    await other.fetchItems("ben", ["item-1"]);
    expect(other.memory.findItem("ben", "item-1")).toBeUndefined();
  });

  test("opens no more when somebody altered it", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await gateway(place), await gateway(place)];
    const [mine, yours] = [conversation(itemOf("a", "mine")), conversation(itemOf("b", "yours"))];
    await one.add("anna", mine);
    await one.add("ben", yours);
    await place.tamper(
      "UPDATE stored_response SET sealed = (SELECT sealed FROM stored_response WHERE key_id = 'anna') WHERE key_id = 'ben'",
    );
    expect(await asked(other, "ben", yours.response.id)).toBeUndefined();
  });

  test("stays at its gateway while the others cannot have it", async () => {
    const place = await storePlace("PostgreSQL");
    const one = await gateway(place);
    await place.tamper("ALTER TABLE stored_response RENAME TO away");
    const stored = conversation(itemOf("a", "kept"));
    await one.add("anna", stored);
    await place.tamper("ALTER TABLE away RENAME TO stored_response");
    expect(await asked(one, "anna", stored.response.id)).toBe(stored);
  });
});

describe.skipIf(LACKS_POSTGRES)("stored responses that are too many", () => {
  const VALUE = { text: "x" };

  test("push out their owner's oldest ones, and nobody else's", async () => {
    const place = await storePlace("PostgreSQL");
    const rows = await rowsIn(place, { maxResponses: 60 });
    await rows.add("ben", { id: "of-ben", itemIds: [], value: VALUE });
    for (let count = 100; count < 225; count += 1)
      await rows.add("anna", { id: `r-${count}`, itemIds: [], value: VALUE });
    await place.tamper("UPDATE stored_response SET used_at = used_at - 60000 WHERE id <> 'r-100'");
    expect(await rows.touch("anna", "r-100")).toBe(true);
    await rows.prune();
    const kept = await idsIn(place);
    expect(kept).toHaveLength(60);
    expect(kept).toEqual(expect.arrayContaining(["of-ben", "r-100", "r-224"]));
  });

  test("go by their size too", async () => {
    const place = await storePlace("PostgreSQL");
    const rows = await rowsIn(place, { maxBytes: 1_000 });
    for (const id of ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]) {
      await rows.add("anna", { id, itemIds: [], value: VALUE });
    }
    await rows.prune();
    const [{ bytes } = { bytes: 0 }] = await place.tamper("SELECT sum(bytes)::int AS bytes FROM stored_response");
    expect(bytes).toBeLessThanOrEqual(1_000);
    expect(bytes).toBeGreaterThan(800);
    expect(await rows.find("anna", "l")).toEqual(VALUE);
  });

  test("go a day after their last use", async () => {
    const place = await storePlace("PostgreSQL");
    const rows = await rowsIn(place);
    for (const id of ["old", "new"]) await rows.add("anna", { id, itemIds: [], value: VALUE });
    await place.tamper("UPDATE stored_response SET used_at = used_at - 86400001 WHERE id = 'old'");
    expect(await rows.find("anna", "old")).toBeUndefined();
    await rows.prune();
    expect(await idsIn(place)).toEqual(["new"]);
  });
});

async function idsIn(place: StorePlace): Promise<unknown[]> {
  return (await place.tamper("SELECT id FROM stored_response ORDER BY used_at, id")).map(({ id }) => id);
}
