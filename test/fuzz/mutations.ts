import fc from "fast-check";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One thing done to one place of a body. */
export interface Change {
  readonly kind: "replace" | "drop" | "add" | "repeat" | "nest";
  /** Counted over all places of the body, round and round. */
  readonly place: number;
  readonly key: string;
  readonly value: Json;
}

type Path = readonly (string | number)[];

const STRANGE: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  5e-324,
  2 ** 53,
  "",
  " ",
  "\u0000",
  "\ud800",
  "\udc00tail",
  "e\u0301\u200d\u202e😀",
  "a".repeat(20_000),
  "<|endoftext|>",
  "auto",
  "none",
  "required",
  "function",
  [],
  {},
  [null],
  { type: "object" },
  { $ref: "#" },
  { type: "text", text: "x" },
];

const STRANGE_KEYS = ["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "length", ""];

/** Up to four changes, with the keys of the bodies and keys that mean something to JavaScript. */
export function changes(bodies: readonly Json[]): fc.Arbitrary<readonly Change[]> {
  const known = [
    ...new Set(
      bodies.flatMap((body) => placesOf(body).flatMap((path) => path.filter((step) => typeof step === "string"))),
    ),
  ];
  const value: fc.Arbitrary<Json> = fc.oneof(
    fc.constantFrom(...STRANGE),
    fc.constantFrom(...bodies),
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
    fc.integer({ min: 1, max: 90 }).map(deep),
  );
  const change = fc.record({
    kind: fc.constantFrom("replace", "drop", "add", "repeat", "nest"),
    place: fc.nat(),
    key: fc.oneof(
      fc.constantFrom(...known),
      fc.constantFrom(...STRANGE_KEYS),
      fc.string({ unit: "grapheme", maxLength: 50 }),
    ),
    value,
  } satisfies { [K in keyof Change]: fc.Arbitrary<Change[K]> });
  return fc.array(change, { maxLength: 4 });
}

/** The body with all changes done, one after the other. */
export function changed(body: Json, steps: readonly Change[]): Json {
  return steps.reduce((current, change) => {
    const places = placesOf(current);
    return at(current, places[change.place % places.length] ?? [], change) ?? null;
  }, body);
}

/** Every place in it, itself first. */
function placesOf(body: Json, path: Path = []): Path[] {
  if (typeof body !== "object" || body === null) return [path];
  return [
    path,
    ...Object.entries(body).flatMap(([key, inner]) =>
      placesOf(inner, [...path, Array.isArray(body) ? Number(key) : key]),
    ),
  ];
}

/** The body with one place changed; undefined where nothing is left. */
function at(body: Json, [step, ...rest]: Path, change: Change): Json | undefined {
  if (step === undefined) return here(body, change);
  if (Array.isArray(body)) {
    return body.flatMap((inner: Json, index) => {
      if (index !== step) return [inner];
      const next = at(inner, rest, change);
      if (next === undefined) return [];
      return change.kind === "repeat" && rest.length === 0 ? [next, next] : [next];
    });
  }
  const entries = Object.entries(body ?? {}).flatMap(([key, inner]) => {
    const next = key === step ? at(inner as Json, rest, change) : (inner as Json);
    return next === undefined ? [] : [[key, next] as const];
  });
  return Object.fromEntries(entries);
}

function here(body: Json, { kind, key, value }: Change): Json | undefined {
  if (kind === "drop") return undefined;
  if (kind === "replace") return value;
  if (kind === "nest") return [body];
  if (kind === "repeat" || typeof body !== "object" || body === null) return body;
  if (Array.isArray(body)) return [...body, value];
  return Object.fromEntries([...Object.entries(body), [key, value]]);
}

function deep(levels: number): Json {
  let value: Json = "bottom";
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
