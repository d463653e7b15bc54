import { patternOf } from "./pattern.ts";
import {
  DATA_KEYWORDS,
  isObject,
  isSchema,
  LIST_KEYWORDS,
  MAP_KEYWORDS,
  misshapen,
  SCHEMA_KEYWORDS,
  type JsonObject,
} from "./shapes.ts";

/** Keywords that would make Ajv look for meta-schemas or return a promise. */
const DROPPED = ["$schema", "$vocabulary", "$async"];

/**
 * Converts a schema of any draft, or of OpenAPI, to the keywords of drafts 2019-09 and 2020-12, in place. Removes what no draft
 * knows, so that the rest can be compiled.
 * @returns the places of removed keywords that would have been checked, e.g. `/properties/size/pattern`.
 */
export function modernise(schema: JsonObject): readonly string[] {
  const unchecked: string[] = [];
  visit(schema, ROOT, (node, { path, isKnown }) => {
    for (const keyword of DROPPED) delete node[keyword];
    rename(node);
    nameTypes(node);
    allowNull(node);
    const problems = misshapen(node).filter((keyword) => isKnown || !isObject(node[keyword]));
    for (const keyword of problems) delete node[keyword];
    problems.push(...mendMaps(node));
    if (isKnown) unchecked.push(...problems.map((at) => `${path}/${at}`));
  });
  return unchecked;
}

/** Whether `items` is a list anywhere, as in drafts up to 2019-09. */
export function hasListOfItems(schema: JsonObject): boolean {
  let found = false;
  visit(schema, ROOT, ({ items }) => void (found ||= Array.isArray(items)));
  return found;
}

/** Removes references with this text. If the text is undefined, removes the names that references may point to. */
export function dropReferences(schema: JsonObject, reference: string | undefined): void {
  const keywords = reference === undefined ? ["$id", "$anchor"] : ["$ref", "$dynamicRef", "$recursiveRef"];
  visit(schema, ROOT, (node) => {
    for (const keyword of keywords) {
      if (reference === undefined || node[keyword] === reference) delete node[keyword];
    }
  });
}

/** Where a schema is, and whether JSON Schema knows all keywords on the way. Unknown keywords may contain schemas too. */
interface Place {
  readonly path: string;
  readonly isKnown: boolean;
}

const ROOT: Place = { path: "", isKnown: true };

/** Calls `each` for the schema and for each schema inside it, outer ones first. */
function visit(node: JsonObject, place: Place, each: (node: JsonObject, place: Place) => void): void {
  each(node, place);
  const visitAll = (schemas: object, inner: Place): void => {
    for (const [name, one] of Object.entries(schemas)) {
      if (isObject(one)) visit(one, { ...inner, path: `${inner.path}/${name}` }, each);
    }
  };
  for (const [keyword, value] of Object.entries(node)) {
    if (DATA_KEYWORDS.has(keyword) || typeof value !== "object" || value === null) continue;
    const isOne = SCHEMA_KEYWORDS.has(keyword) || keyword === "items";
    const isMany = MAP_KEYWORDS.has(keyword) || LIST_KEYWORDS.has(keyword) || Array.isArray(value);
    const inner = { path: `${place.path}/${keyword}`, isKnown: place.isKnown && (isOne || isMany) };
    if (isMany) visitAll(value, inner);
    else visit(value as JsonObject, inner, each);
  }
}

/** Drafts 3 and 4 have `id`, and a boolean that makes a limit exclusive. */
function rename(node: JsonObject): void {
  const id = node["$id"] ?? node["id"];
  if (!isObject(node["id"])) delete node["id"];
  if (typeof id === "string") node["$id"] = id;
  if (typeof id === "string" && id.startsWith("#")) {
    delete node["$id"];
    if (/^#[a-z_][\w.-]*$/i.test(id)) node["$anchor"] = id.slice(1);
  }
  for (const [limit, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    if (typeof node[exclusive] !== "boolean") continue;
    const isExclusive = node[exclusive];
    delete node[exclusive];
    if (!isExclusive || typeof node[limit] !== "number") continue;
    node[exclusive] = node[limit];
    delete node[limit];
  }
}

/** Some schemas have types in capitals, or `any` for no type. */
function nameTypes(node: JsonObject): void {
  const { type } = node;
  if (type === undefined) return;
  const names = [type].flat().map((name: unknown) => (typeof name === "string" ? name.toLowerCase() : name));
  if (names.includes("any")) delete node["type"];
  else node["type"] = Array.isArray(type) ? [...new Set(names)] : names[0];
}

/** Converts OpenAPI's `nullable`, which Ajv accepts only beside `type` and does not apply to `enum`. */
function allowNull(node: JsonObject): void {
  const { nullable, type, enum: values, anyOf, oneOf, allOf } = node;
  delete node["nullable"];
  if (nullable !== true) return;
  if (type !== undefined) node["type"] = [...new Set([type, "null"].flat())];
  if (Array.isArray(values) && !values.includes(null)) node["enum"] = [...(values as unknown[]), null];
  if ("const" in node) {
    node["enum"] = [node["const"], null];
    delete node["const"];
  }
  if (Array.isArray(anyOf)) anyOf.push({ type: "null" });
  if (Array.isArray(oneOf)) oneOf.push({ type: "null" });
  if (type !== undefined || anyOf !== undefined || oneOf !== undefined) return;
  const demands = { ...("$ref" in node && { $ref: node["$ref"] }), ...(allOf !== undefined && { allOf }) };
  if (Object.keys(demands).length === 0) return;
  delete node["$ref"];
  delete node["allOf"];
  node["anyOf"] = [{ type: "null" }, demands];
}

/** Removes from maps of schemas every value that is no schema, and every pattern that is none. */
function mendMaps(node: JsonObject): string[] {
  const unchecked: string[] = [];
  for (const keyword of MAP_KEYWORDS) {
    const map = node[keyword];
    if (!isObject(map)) continue;
    for (const [name, value] of Object.entries(map)) {
      if (keyword === "dependencies" && Array.isArray(value)) continue;
      const isPattern = keyword !== "patternProperties" || patternOf(name) !== undefined;
      if (isPattern && isSchema(value)) continue;
      if (isPattern) map[name] = true;
      else {
        delete map[name];
        // Without the pattern, it is unknown which properties these apply to.
        delete node["additionalProperties"];
        delete node["unevaluatedProperties"];
      }
      unchecked.push(`${keyword}/${name}`);
    }
  }
  return unchecked;
}
