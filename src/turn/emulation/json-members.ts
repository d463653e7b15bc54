import { stringEnd } from "../json-string.ts";
import { jsonEnd } from "./json-text.ts";

/** Splits compact JSON into the texts of its values, one level deep, so that each stays as it was written. */

export interface Member {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
}

/** The members of an object. If a key appears twice, the last one counts, as in JSON.parse. */
export function membersOf(object: string): readonly Member[] {
  const members = new Map<string, string>();
  for (let at = 1; at < object.length - 1;) {
    const keyEnd = stringEnd(object, at);
    const end = valueEnd(object, keyEnd + 1);
    members.set(JSON.parse(object.slice(at, keyEnd)) as string, object.slice(keyEnd + 1, end));
    at = end + 1;
  }
  return [...members].map(([key, value]) => ({ key, value }));
}

/** The elements of a list, as JSON text. */
export function elementsOf(list: string): readonly string[] {
  const elements: string[] = [];
  for (let at = 1; at < list.length - 1;) {
    const end = valueEnd(list, at);
    elements.push(list.slice(at, end));
    at = end + 1;
  }
  return elements;
}

function valueEnd(json: string, from: number): number {
  const first = json[from];
  if (first === '"') return stringEnd(json, from);
  if (first === "{" || first === "[") return jsonEnd(json, from) ?? json.length;
  const length = json.slice(from).search(/[,\]}]/);
  return length < 0 ? json.length : from + length;
}
