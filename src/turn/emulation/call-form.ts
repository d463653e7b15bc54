import { tagName } from "../../chat.ts";

/** The placeholder for the tool's name in the rules. */
const NAME = "NAME";
export const EXAMPLE_JSON = '{"argument": "value"}';
export const EXAMPLE_TEXT = "the text as it is";

/** How the rules show a call to the model. */
export function callForm(body: string, boundary: string): string {
  const tag = tagName("tool_call", boundary);
  return `<${tag} name="${NAME}">${body}</${tag}>`;
}

/** The text of the rules' example, if the model only repeats it; undefined for a real call. */
export function repeatedForm(name: string | undefined, body: string): string | undefined {
  const isExample = name === NAME && [EXAMPLE_JSON, EXAMPLE_TEXT].includes(body.trim());
  return isExample ? `<tool_call name="${NAME}">${body}</tool_call>` : undefined;
}
