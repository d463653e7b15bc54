import { JsonSource } from "../../turn/json-source.ts";

/** The text of `messages[i].content[j].input`, by i and j. */
export type ToolInputs = readonly (readonly string[])[];

/** What a body's calls were given, as the caller wrote it: a 64-bit id, 1.0 and the order of keys are the model's words. */
export function toolInputsOf(bodyText: string): ToolInputs {
  const source = new JsonSource(bodyText);
  let inputs: string[][] = [];
  const readBlock = (into: string[], block: number, at: number): number => {
    if (!source.isObject(at)) return source.end(at);
    return source.members(at, (key, start) => {
      const end = source.end(start);
      if (key === "input") into[block] = bodyText.slice(start, end);
      return end;
    });
  };
  const readMessage = (message: number, at: number): number => {
    if (!source.isObject(at)) return source.end(at);
    return source.members(at, (key, start) => {
      if (key !== "content") return source.end(start);
      // Of a key that is repeated the last one counts, as it does for `JSON.parse`.
      const into: string[] = (inputs[message] = []);
      return source.isList(start)
        ? source.items(start, (block, item) => readBlock(into, block, item))
        : source.end(start);
    });
  };
  if (!source.isObject(source.start)) return inputs;
  source.members(source.start, (key, start) => {
    if (key !== "messages") return source.end(start);
    inputs = [];
    return source.isList(start) ? source.items(start, readMessage) : source.end(start);
  });
  return inputs;
}
