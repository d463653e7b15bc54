import { tagName } from "../../chat.ts";

/** Stands for the tool's name where the rules show how a call is written. */
const NAME = "NAME";
export const EXAMPLE_JSON = '{"argument": "value"}';
export const EXAMPLE_TEXT = "the text as it is";

/** How a call is written, as the model is shown it. */
export function callForm(body: string, boundary: string): string {
  const tag = tagName("tool_call", boundary);
  return `<${tag} name="${NAME}">${body}</${tag}>`;
}

/** What the model repeats of the rules when it is asked how a call is written, as text; undefined where it is a call. */
export function repeatedForm(name: string | undefined, body: string): string | undefined {
  const isExample = name === NAME && [EXAMPLE_JSON, EXAMPLE_TEXT].includes(body.trim());
  return isExample ? `<tool_call name="${NAME}">${body}</tool_call>` : undefined;
}
