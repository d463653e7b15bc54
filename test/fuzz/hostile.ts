import fc from "fast-check";
import { HOSTILE_ANSWERS } from "./hostile-answers.ts";
import { ENDLESS, HEAVY } from "./hostile-schemas.ts";

/** A request that is to be hard to answer, together with what the model says. */
export interface HostileRequest {
  /** What it tries. */
  readonly kind: string;
  readonly path: string;
  readonly body: unknown;
}

const SAY = "@@say ";
const WRITE = "@@write ";
const MAX_ANSWER_CHARACTERS = 300_000;

/** What the site answers to a message of these: `§` stands for the boundary of the request. */
export function hostileAnswerTo(message: string): string {
  if (message.startsWith(SAY)) return message.slice(SAY.length);
  if (!message.startsWith(WRITE)) return "Hello";
  const [index = 0, characters = 0] = message.slice(WRITE.length).split(" ").map(Number);
  return HOSTILE_ANSWERS[index]?.text(characters) ?? "Hello";
}

/** A chat request that the model answers with the value, which is to meet the schema. */
export function checkedChat(schema: unknown, value: unknown): object {
  return {
    model: "gptomni",
    messages: [{ role: "user", content: SAY + JSON.stringify(value) }],
    response_format: { type: "json_schema", json_schema: { name: "given", strict: true, schema } },
  };
}

/** A chat request that is answered by one of the hostile answers. */
export function answeredChat(index: number, characters: number): object {
  const { stop, format, tools = [] } = HOSTILE_ANSWERS[index]?.wanted ?? {};
  return {
    model: "gptomni",
    messages: [{ role: "user", content: `${WRITE}${index} ${characters}` }],
    // OpenAI allows four.
    ...(stop && { stop: stop.slice(0, 4) }),
    ...(format && { response_format: format }),
    ...(tools.length > 0 && {
      tools: tools.map(({ kind, name, parameters }) => ({
        type: kind,
        [kind]: { name, ...(parameters && { parameters }) },
      })),
    }),
  };
}

const PATTERN_PIECES = [
  "a",
  "b",
  "(a+)+",
  "(a|a)*",
  "(?:a?){25}",
  "\\w*",
  "[ab]+",
  ".*",
  "(?=a*)",
  "(?<=a*)",
  "(a*)*",
  "\\1",
  "{2,}",
  "^",
  "$",
  "|",
  "(",
  ")",
  "++",
  "\\A",
  "(?i)",
];
const pattern = fc
  .array(fc.constantFrom(...PATTERN_PIECES), { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join(""));
const subject = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom("", "b", "c"))
  .map(([length, end]) => "a".repeat(length) + end);

const { schema } = fc.letrec((tie) => ({
  schema: fc.dictionary(
    fc.constantFrom(
      ..."type enum const items prefixItems properties patternProperties required $ref $id id $defs anyOf allOf oneOf nullable not if then format pattern minimum dependencies uniqueItems unevaluatedProperties $dynamicRef".split(
        " ",
      ),
    ),
    fc.oneof(
      { maxDepth: 4, depthIdentifier: "schema" },
      fc.jsonValue({ maxDepth: 1 }),
      tie("schema"),
      fc.array(tie("schema"), { maxLength: 3 }),
      fc.constantFrom("string", "object", "array", "#", "#/$defs/a", "x"),
      pattern,
    ),
  ),
}));

function chat(kind: string, one: unknown, value: unknown): HostileRequest {
  return { kind, path: "/v1/chat/completions", body: checkedChat(one, value) };
}

/** Schemas, patterns and answers that are slow, deep, large or broken. */
export const hostileRequests: fc.Arbitrary<HostileRequest> = fc.oneof(
  fc.tuple(schema, fc.jsonValue()).map(([one, value]) => chat("a schema of any shape", one, value)),
  fc.tuple(pattern, subject).map(([one, text]) => chat("a pattern", { items: { pattern: one } }, [text])),
  fc
    .tuple(pattern, subject)
    .map(([one, text]) => chat("a pattern for names", { patternProperties: { [one]: false } }, { [text]: 1 })),
  fc
    .constantFrom(...ENDLESS, ...HEAVY)
    // The model's answer comes in the question here, which is no longer than a question is.
    .filter(({ value }) => !Array.isArray(value) || (value.length < 10 && !Array.isArray(value[0])))
    .map(({ name, schema: one, value }) => chat(`a schema with ${name}`, one, value)),
  fc
    .tuple(fc.nat(HOSTILE_ANSWERS.length - 1), fc.integer({ min: 1, max: MAX_ANSWER_CHARACTERS }))
    .map(([index, characters]) => ({
      kind: `an answer: ${HOSTILE_ANSWERS[index]?.name}`,
      path: "/v1/chat/completions",
      body: answeredChat(index, characters),
    })),
);
