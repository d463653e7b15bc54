import type { Ask } from "../turn/ask.ts";

/** Of a prompt or an answer. */
const MAX_CHARACTERS = 65_536;

/** The conversation as a person reads it. */
export function promptText(asks: readonly Ask[]): string {
  const messages = asks.flatMap(({ chat }) => chat.messages);
  return cut(messages.map(({ role, text }) => `${role}: ${text}`).join("\n\n"));
}

/** The end of a text that is too long: the last message is there. */
export function cut(text: string): string {
  return text.length > MAX_CHARACTERS ? `…${text.slice(1 - MAX_CHARACTERS)}` : text;
}
