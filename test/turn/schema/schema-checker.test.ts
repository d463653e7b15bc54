import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonSchema } from "../../../src/turn/ask.ts";
import { uncheckedReason, violationsOf } from "../../../src/turn/schema/schema-checker.ts";
import { ENDLESS, HEAVY } from "../../fuzz/hostile-schemas.ts";
import { HELLO, says, serve } from "../../support/scripted-gateway.ts";

function beside(schema: JsonSchema): JsonSchema {
  return { properties: { a: schema, b: { type: "string" } } };
}

type Row = readonly [name: string, schema: JsonSchema, right: unknown, wrong: unknown];

describe("a schema is checked in full", () => {
  test.each<Row>([
    ["of no draft", { type: "object", required: ["a"] }, { a: 1 }, {}],
    [
      "of draft 4",
      { $schema: "http://json-schema.org/draft-04/schema#", id: "x", minimum: 1, exclusiveMinimum: true },
      2,
      1,
    ],
    ["of draft 4 without its name", { maximum: 5, exclusiveMaximum: false, minimum: 0 }, 5, 6],
    [
      "with names of draft 4",
      { id: "http://x.test/a", items: { $ref: "#w" }, definitions: { w: { id: "#w", type: "string" } } },
      ["a"],
      [1],
    ],
    ["of draft 6", { $schema: "http://json-schema.org/draft-06/schema#", contains: { const: 1 } }, [1], [2]],
    [
      "of draft 7",
      { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }], additionalItems: false },
      ["a"],
      ["a", 1],
    ],
    ["of draft 7 without its name", { items: [{ type: "string" }] }, ["a"], [1]],
    [
      "of 2019-09",
      {
        $schema: "https://json-schema.org/draft/2019-09/schema",
        properties: { a: true },
        unevaluatedProperties: false,
      },
      { a: 1 },
      { b: 1 },
    ],
    [
      "of 2020-12",
      { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{ type: "string" }] },
      ["a"],
      [1],
    ],
    [
      "of a draft to come",
      { $schema: "https://json-schema.org/draft/2030-01/schema", type: "string", newKeyword: 1 },
      "a",
      1,
    ],
    ["with nullable beside a type", { type: "string", nullable: true }, null, 1],
    ["with nullable without a type", { nullable: true, anyOf: [{ type: "string" }, { type: "integer" }] }, null, true],
    ["with nullable values", { enum: ["A", "B"], nullable: true }, null, "C"],
    [
      "with a nullable reference",
      { properties: { a: { $ref: "#/definitions/w", nullable: true } }, definitions: { w: { type: "string" } } },
      { a: null },
      { a: 1 },
    ],
    ["with nullable false", { type: "string", nullable: false }, "a", null],
    [
      "with types in capitals",
      { type: "OBJECT", properties: { a: { type: ["STRING", "NULL"] } } },
      { a: null },
      { a: 1 },
    ],
    ["with the type any", { properties: { a: { type: "any" }, b: { type: "string" } } }, { a: 1 }, { b: 1 }],
    [
      "with vendors' keywords",
      { type: "string", "x-order": 1, discriminator: { propertyName: "kind" }, strict: "yes", $async: true },
      "a",
      1,
    ],
    ["with unknown formats", { type: "string", format: "phone" }, "a", 1],
    ["with known formats", { type: "string", format: "email" }, "a@example.org", "a"],
    [
      "with parts elsewhere",
      { $ref: "#/components/schemas/a", components: { schemas: { a: { type: "string", nullable: true } } } },
      null,
      1,
    ],
    [
      "with properties that are called as keywords are",
      { properties: { pattern: { type: "string" }, enum: { type: "integer" } } },
      { pattern: "(", enum: 1 },
      { enum: "a" },
    ],
    [
      "with a value that looks like a schema",
      { const: { type: "strng", pattern: "(" } },
      { type: "strng", pattern: "(" },
      {},
    ],
    ["that is recursive", { anyOf: [{ type: "string" }, { type: "array", items: { $ref: "#" } }] }, ["a", ["b"]], [1]],
    ["with an $id like a meta-schema's", { $id: "http://json-schema.org/draft-07/schema", type: "integer" }, 1, "a"],
    [
      "with an $id twice",
      { properties: { a: { $id: "x", type: "string" }, b: { $id: "x", type: "integer" } } },
      { a: "a" },
      { b: "b" },
    ],
    ["with decimal steps", { multipleOf: 0.01 }, 19.99, 19.999],
    ["with a pattern that has needless escapes", { pattern: "^[\\w\\-\\.]+\\@[\\_a]+$" }, "a-b@a", "a b"],
    ["with a pattern of Unicode", { pattern: "^\\p{Lu}$" }, "Ä", "p{Lu}"],
    ["with Python's anchors and names", { pattern: "\\A(?P<a>x)(?P=a)\\Z" }, "xx", "x"],
    ["with flags in the pattern", { pattern: "(?i)^abc$" }, "ABC", "abd"],
    [
      "with a property called __proto__",
      JSON.parse('{"properties":{"__proto__":{"type":"string"},"a":{"type":"string"}}}') as JsonSchema,
      { a: "a" },
      { a: 1 },
    ],
  ])("%s", async (_name, schema, right, wrong) => {
    expect(await uncheckedReason(schema)).toBeUndefined();
    expect(await violationsOf(schema, right)).toEqual([]);
    expect(await violationsOf(schema, wrong)).not.toEqual([]);
  });
});

describe("what cannot be checked is named, and the rest is checked", () => {
  test.each<readonly [string, JsonSchema, string]>([
    ["an unknown type", { type: "strng" }, "/properties/a/type"],
    ["a reference elsewhere", { $ref: "https://example.org/schema" }, "https://example.org/schema"],
    ["a reference to nothing", { $ref: "#/$defs/none" }, "#/$defs/none"],
    ["a broken pattern", { pattern: "(" }, "/properties/a/pattern"],
    ["a possessive pattern", { pattern: "^a++$" }, "/properties/a/pattern"],
    ["an atomic pattern", { pattern: "^(?>a+)b$" }, "/properties/a/pattern"],
    ["a pattern with POSIX classes", { pattern: "^[[:alpha:]]+$" }, "/properties/a/pattern"],
    ["a pattern with escapes of PCRE", { pattern: "^\\h+\\R$" }, "/properties/a/pattern"],
    [
      "a broken pattern for names",
      { patternProperties: { "(": { type: "string" } }, additionalProperties: false },
      "patternProperties/(",
    ],
    ["a list that is none", { required: true }, "/properties/a/required"],
    ["a number that is none", { minimum: "5" }, "/properties/a/minimum"],
    ["a schema that is none", { properties: { c: "string" } }, "/properties/a/properties/c"],
    ["no values", { enum: [] }, "/properties/a/enum"],
  ])("%s", async (_name, schema, reason) => {
    expect(await uncheckedReason(beside(schema))).toContain(reason);
    expect(await violationsOf(beside(schema), { a: { c: 1 } })).toEqual([]);
    expect(await violationsOf(beside(schema), { b: 1 })).toEqual(["/b must be string"]);
  });

  test.each<readonly [string, JsonSchema, string]>([
    ["a reference to itself", { $ref: "#" }, "itself"],
    [
      "references in a circle",
      { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } },
      "itself",
    ],
    ["too many characters", { title: "a".repeat(500_000) }, "characters"],
    ["too many levels", JSON.parse(`${'{"not":'.repeat(20_000)}{}${"}".repeat(20_000)}`) as JsonSchema, "deep"],
  ])("all of it, where it has %s", async (_name, schema, reason) => {
    expect(await uncheckedReason(schema)).toContain(reason);
    expect(await violationsOf(schema, { a: 1 })).toEqual([]);
  });
});

test("one that refers to itself without end where a value stands counts as unchecked there", async () => {
  const schema = { properties: { a: { $ref: "#/properties/a" } } };
  expect(await violationsOf(schema, { a: 1 })).toEqual([]);
});

test("a value nested deep is answered", async () => {
  const schema = { anyOf: [{ type: "string" }, { type: "array", items: { $ref: "#" } }] };
  for (const levels of [10, 20_000, 300_000]) {
    const value: unknown = JSON.parse("[".repeat(levels) + "]".repeat(levels));
    expect(await violationsOf(schema, value)).toEqual(levels === 10 ? [] : ["the value is nested too deep"]);
  }
});

test("many violations are told in few words", async () => {
  const wrong = await violationsOf(
    { items: { enum: ["x".repeat(10_000)] } },
    Array.from({ length: 100_000 }, () => 1),
  );
  expect(wrong).toHaveLength(9);
  expect(wrong.at(-1)).toBe("and 99992 more");
  expect(wrong.join("").length).toBeLessThan(10_000);
});

describe("a check that does not end", () => {
  test.each(ENDLESS)("is given up, and nobody else notices: $name", async ({ schema, value }) => {
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 1);
    const hostile = violationsOf(schema, value).then((violations) => ({ violations, ticks }));
    const other = violationsOf({ type: "string", title: String(Math.random()) }, 1);
    expect((await hostile).violations).toEqual([]);
    // The event loop turned all the while.
    expect((await hostile).ticks).toBeGreaterThan(10);
    expect(await other).toEqual(["the whole value must be string"]);
    clearInterval(ticking);
    expect(await uncheckedReason(schema)).toBe("checking it took too long");
    // It is not tried again.
    let hasTurned = false;
    setImmediate(() => (hasTurned = true));
    expect(await violationsOf(schema, 1)).toEqual([]);
    expect(hasTurned).toBe(false);
  });

  test("waits behind schemas that were checked before", async () => {
    const known = { type: "integer", title: "known" };
    await violationsOf(known, 1);
    const order: string[] = [];
    const checks = [1, 2, 3].map(async (number) => {
      await violationsOf({ items: { pattern: `^(a+)+${number}$` } }, ["a".repeat(40)]);
      order.push("slow");
    });
    checks.push(
      violationsOf(known, "a").then((violations) => {
        order.push("known");
        expect(violations).toEqual(["the whole value must be integer"]);
      }),
    );
    await Promise.all(checks);
    expect(order.indexOf("known")).toBeLessThan(2);
  });
});

test("other requests are answered before a request whose schema does not end", async () => {
  const { schema, value } = ENDLESS.find(({ name }) => name.startsWith("many patterns")) ?? { schema: {}, value: 1 };
  const { url, post } = await serve(says(JSON.stringify(value)));
  const order: string[] = [];
  const format = { type: "json_schema", json_schema: { name: "slow", schema: { ...schema, title: "over HTTP" } } };
  const slow = post({ ...HELLO, response_format: format }).then(async (response) => {
    order.push("slow");
    expect(response.status).toBe(200);
    expect(response.headers.get("x-emulated-params")).toBe("response_format");
    await response.text();
  });
  for (let count = 0; count < 5; count += 1) {
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    order.push("other");
  }
  await slow;
  expect(order).toEqual(["other", "other", "other", "other", "other", "slow"]);
});

test.each(HEAVY)("a heavy check is answered: $name", async ({ schema, value }) => {
  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 1);
  const [reason, violations] = await Promise.all([uncheckedReason(schema), violationsOf(schema, value)]);
  clearInterval(ticking);
  expect(reason === undefined || reason.length > 0).toBe(true);
  expect(violations.every((violation) => violation.length < 600)).toBe(true);
  expect(await violationsOf({ type: "string" }, 1)).toEqual(["the whole value must be string"]);
});

test("whatever stands for a schema, nothing is thrown", async () => {
  const keyword = fc.constantFrom(
    ..."type enum const items prefixItems properties patternProperties required $ref $id id $defs anyOf nullable not if format pattern minimum dependencies unevaluatedProperties $dynamicRef".split(
      " ",
    ),
  );
  const { schema } = fc.letrec((tie) => ({
    schema: fc.dictionary(
      keyword,
      fc.oneof(
        { maxDepth: 4, depthIdentifier: "schema" },
        fc.jsonValue({ maxDepth: 1 }),
        tie("schema"),
        fc.array(tie("schema"), { maxLength: 2 }),
        fc.constantFrom("string", "#", "#/$defs/a", "(", "x"),
      ),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(schema, fc.jsonValue(), async (given, value) => {
      expect(await uncheckedReason(given as JsonSchema)).toSatisfy(
        (reason) => reason === undefined || typeof reason === "string",
      );
      expect(Array.isArray(await violationsOf(given as JsonSchema, value))).toBe(true);
    }),
    { numRuns: 500 },
  );
});
