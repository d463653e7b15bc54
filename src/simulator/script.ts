import type { Fault } from "./fault.ts";
import { callText, countResults, hasAnswer, userTurns } from "./transcript.ts";

interface Command {
  readonly verb: string;
  readonly text: string;
}

const COMMAND = /\[\[(call|say|sim) /g;
/** What the model says when its script has no more to say. */
const LAST_WORD = "Done.";

/**
 * The answer that a user's message asks for, so that a client can be shown a whole conversation with tools:
 *
 *     [[call read_file {"path":"a.txt"}]] [[say I have read it.]]
 *
 * - `[[call NAME INPUT]]` calls a tool in the form that the prompt's rules show. Its result brings the next commands.
 * - `[[say TEXT]]` says it, before a call or at the end.
 * - `[[sim {…}]]` shapes this answer as a `@sim` line does.
 *
 * The last user's turn that holds commands counts, until the assistant has answered it.
 */
export function scriptIn(prompt: string): Fault | undefined {
  const turn = userTurns(prompt).findLast(({ text }) => commandsIn(text).length > 0);
  if (!turn || hasAnswer(turn.after)) return undefined;
  let resultsLeft = countResults(turn.after);
  const said: string[] = [];
  for (const { verb, text } of commandsIn(turn.text)) {
    if (resultsLeft > 0) {
      if (verb === "call") resultsLeft -= 1;
    } else if (verb === "sim") {
      return { ...(said.length > 0 && { text: said.join("\n") }), ...faultOf(text) };
    } else {
      said.push(verb === "call" ? call(prompt, text) : text);
      if (verb === "call") return { text: said.join("\n") };
    }
  }
  return { text: said.length > 0 ? said.join("\n") : LAST_WORD };
}

function call(prompt: string, command: string): string {
  const name = command.split(/\s/, 1)[0] ?? "";
  return callText(prompt, name, command.slice(name.length).trim()) ?? `I have no tool ${name}.`;
}

function commandsIn(text: string): readonly Command[] {
  return [...text.matchAll(COMMAND)].map(({ 0: open, 1: verb = "", index }) => {
    const rest = text.slice(index + open.length);
    return { verb, text: rest.slice(0, endOf(rest)) };
  });
}

/** Where the command's text ends: at the first `]]` that does not stand in its JSON. */
function endOf(text: string): number {
  const first = text.indexOf("]]");
  const jsonAt = text.search(/[{[]/);
  if (jsonAt === -1 || jsonAt > first) return first === -1 ? text.length : first;
  for (let end = first; end !== -1; end = text.indexOf("]]", end + 1)) if (isJson(text.slice(jsonAt, end))) return end;
  return first;
}

function faultOf(text: string): Fault {
  return isJson(text) ? (JSON.parse(text) as Fault) : { status: 400 };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
