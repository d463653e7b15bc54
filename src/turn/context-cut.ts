import type { ChatRequest, Message } from "../chat.ts";
import { wholeCharacters } from "./characters.ts";

/** A shortened conversation, and how much was left out. */
export interface ContextCut {
  readonly request: ChatRequest;
  readonly turns: number;
  readonly characters: number;
}

/** If not everything fits, one message keeps at most this share of the prompt. */
const MAX_TURN_SHARE = 0.5;
/** A message is not shortened below this. */
const MIN_TURN_CHARACTERS = 400;

/**
 * Shortens a conversation until its prompt has at most `maxCharacters`. Messages in the middle are left out, oldest first. The first
 * system messages, the first message after them if it fits, and the newest message stay; calls stay with their results. A message
 * that alone is too long loses its middle. A system message does not: half an instruction is a different one. Undefined if the
 * rest is still too long.
 */
export function cutContext(
  request: ChatRequest,
  maxCharacters: number,
  promptOf: (request: ChatRequest) => string,
): ContextCut | undefined {
  const lengthOf = (messages: readonly Message[]): number => promptOf({ ...request, messages }).length;
  const maxTurnCharacters = Math.floor(maxCharacters * MAX_TURN_SHARE);
  const messages = request.messages.map((message) =>
    isRule(message) ? message : shortened(message, maxTurnCharacters),
  );
  const firstTurn = messages.findIndex(({ role }) => role !== "system");
  const systems = messages.slice(0, firstTurn < 0 ? undefined : firstTurn);
  const units = firstTurn < 0 ? [] : unitsOf(messages.slice(firstTurn));
  for (const kept of [1, 0]) {
    const head = units.slice(0, Math.min(kept, units.length - 1));
    const rest = units.slice(head.length);
    const without = (count: number): readonly Message[] => {
      const note = count > 0 ? [noteOf(rest.slice(0, count).flat().length)] : [];
      return [...systems, ...head.flat(), ...note, ...rest.slice(count).flat()];
    };
    const count = leastOf(rest.length - 1, (left) => lengthOf(without(left)) <= maxCharacters);
    if (count !== undefined) return result(request, without(count), promptOf);
  }
  const last = units.at(-1) ?? [];
  const note = units.length > 1 ? [noteOf(units.slice(0, -1).flat().length)] : [];
  const squeezed = squeeze([...systems, ...note, ...last], maxCharacters, lengthOf);
  return squeezed && result(request, squeezed, promptOf);
}

function result(
  request: ChatRequest,
  messages: readonly Message[],
  promptOf: (request: ChatRequest) => string,
): ContextCut {
  const cut = { ...request, messages };
  const kept = messages.filter((message) => !isNote(message)).length;
  const characters = promptOf(request).length - promptOf(cut).length;
  return { request: cut, turns: request.messages.length - kept, characters };
}

/** The smallest number up to `max` that fits, if any. Every larger number must fit too. */
function leastOf(max: number, fits: (count: number) => boolean): number | undefined {
  if (max < 0 || !fits(max)) return undefined;
  let [low, high] = [0, max];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Groups messages that must stay together: a message with calls, and the results of these calls. */
function unitsOf(messages: readonly Message[]): Message[][] {
  const units: Message[][] = [];
  for (const message of messages) {
    const open = units.at(-1);
    if (message.role === "tool" && open) open.push(message);
    else units.push([message]);
  }
  return units;
}

function isRule({ role }: Message): boolean {
  return role === "system";
}

/** Shortens the longest messages to one common length until all fits. System messages stay whole. */
function squeeze(
  messages: readonly Message[],
  maxCharacters: number,
  lengthOf: (messages: readonly Message[]) => number,
): readonly Message[] | undefined {
  const longest = Math.max(0, ...messages.filter((message) => !isRule(message)).map(({ text }) => text.length));
  const most = Math.max(longest, MIN_TURN_CHARACTERS);
  const without = (count: number): readonly Message[] =>
    messages.map((message) => (isRule(message) ? message : shortened(message, most - count)));
  const count = leastOf(most - MIN_TURN_CHARACTERS, (left) => lengthOf(without(left)) <= maxCharacters);
  return count === undefined ? undefined : without(count);
}

/** Keeps the beginning and the end of the text, with a note between them. */
function shortened(message: Message, maxCharacters: number): Message {
  const { text } = message;
  if (text.length <= maxCharacters) return message;
  const note = `\n[… ${text.length} characters were shortened here, since the conversation is longer than the site takes …]\n`;
  const half = Math.max(0, Math.floor((maxCharacters - note.length) / 2));
  const start = text.slice(0, wholeCharacters(text, half));
  const end = text.slice(wholeCharacters(text, text.length - half));
  return { ...message, text: start + note + end };
}

const NOTE = /^\[\d+ earlier turns of the conversation are left out here/;

function noteOf(turns: number): Message {
  const text = `[${turns} earlier turns of the conversation are left out here, since it is longer than the site takes.]`;
  return { role: "system", text };
}

function isNote({ role, text }: Message): boolean {
  return role === "system" && NOTE.test(text);
}
