/** https://github.com/tc39/proposal-json-parse-with-source, which Node has and TypeScript does not declare yet. */
interface SourcedJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(source: string): unknown;
}

const SOURCED_JSON = JSON as unknown as SourcedJson;

/**
 * A value to be written as JSON again, its numbers as they were: 64-bit ids are not rounded, and 1e400 does not become
 * null. @throws SyntaxError where the text is no JSON.
 */
export function exactJson(text: string): unknown {
  return SOURCED_JSON.parse(text, (_key, value, { source }) =>
    typeof value !== "number" || source === undefined || String(value) === source
      ? value
      : SOURCED_JSON.rawJSON(source),
  );
}
