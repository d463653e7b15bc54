/** A user's turn in a flattened conversation. */
interface UserTurn {
  readonly text: string;
  /** The rest of the prompt. */
  readonly after: string;
}

/** A turn's tags, which may carry digits that text cannot know. */
const USER_TURN = /^<user(_\d+)?(?: [^>\n]*)?>\n([\s\S]*?)\n<\/user\1>$/gm;
const ASSISTANT_TURN = /^<assistant(_\d+)?(?: [^>\n]*)?>\n([\s\S]*?)\n<\/assistant\1>$/gm;
const TOOL_RESULT = /^<tool_result(?:_\d+)?[ >]/gm;
const TOOL_CALL = /^<tool_call(?:_\d+)?[ >]/m;
/** The line that shows how a tool is called, whatever its tag. */
const CALL_FORM = /^(<[^<>\n]*\bname=")NAME("[^<>\n]*>)[^\n]*(<\/[^<>\n]+>)$/m;
const DECLARED_NAME = /"name":\s*"([^"\\]+)"/g;

/** A prompt as the model reads it. A prompt without turns is one user's turn. */
export function userTurns(prompt: string): readonly UserTurn[] {
  const turns = [...prompt.matchAll(USER_TURN)].map(({ 0: whole, 2: text = "", index }) => ({
    text,
    after: prompt.slice(index + whole.length),
  }));
  return turns.length > 0 ? turns : [{ text: prompt, after: "" }];
}

/** How many tool results this part of a prompt holds. */
export function countResults(part: string): number {
  return [...part.matchAll(TOOL_RESULT)].length;
}

/** Whether the assistant has ended a turn without a call in this part of a prompt. */
export function hasAnswer(part: string): boolean {
  return [...part.matchAll(ASSISTANT_TURN)].some(({ 2: text = "" }) => !TOOL_CALL.test(text));
}

/**
 * A call in the form that the prompt's rules show; undefined where the prompt declares no such tool. A namespaced tool is
 * also found by the end of its name: `read` finds `files__read`.
 */
export function callText(prompt: string, name: string, input: string): string | undefined {
  const form = CALL_FORM.exec(prompt);
  const names = [...prompt.matchAll(DECLARED_NAME)].map(([, declared = ""]) => declared);
  const found =
    names.find((one) => one === name) ??
    names.find((one) => /[._/]$/.test(one.slice(0, -name.length)) && one.endsWith(name));
  if (!form || found === undefined) return undefined;
  const [, open = "", middle = "", close = ""] = form;
  return `${open}${found}${middle}${input}${close}`;
}
