import type { Message } from "../chat.ts";
import type { Ask } from "./ask.ts";
import { wholeCharacters } from "./characters.ts";
import type { Chore } from "./chore.ts";

const MAX_TITLE_WORDS = 7;
const MAX_TITLE_CHARACTERS = 50;
/** A title comes from the beginning of a conversation, so more text is not needed. */
const LOOKED_AT_CHARACTERS = 20_000;
/** What Open WebUI asks for if a chat is too short for tags. */
const NO_TAGS = ["General"];

/** Answers a background request from the conversation itself; undefined if only a model can answer. */
export function localAnswer(
  { kind, prompt }: Chore,
  { chat, format }: Pick<Ask, "chat" | "format">,
): string | undefined {
  const { messages } = chat;
  const asked = messages.at(-1)?.text ?? "";
  const isOpenWebui = asked.trimStart().startsWith("### Task:");
  if (isOpenWebui && kind === "tags") return JSON.stringify({ tags: NO_TAGS });
  if (isOpenWebui && kind === "follow-ups") return JSON.stringify({ follow_ups: [] });
  if (kind !== "title" || !prompt?.words) return undefined;
  const title = titleOf(wordsOf(messages, prompt.words));
  if (title === "") return undefined;
  const isTopic = messages.some(({ role, text }) => role === "system" && text.includes("'isNewTopic'"));
  if (isTopic) return JSON.stringify({ isNewTopic: true, title });
  if (isOpenWebui || wantsTitleOnly(format)) return JSON.stringify({ title });
  return format.type === "text" ? title : undefined;
}

/** Whether the schema has a title and nothing else. */
function wantsTitleOnly(format: Ask["format"]): boolean {
  if (format.type !== "json_schema") return false;
  const { properties } = format.schema;
  return typeof properties === "object" && properties !== null && Object.keys(properties).join() === "title";
}

function wordsOf(messages: readonly Message[], place: "before" | "last" | "after"): string {
  const texts = messages.filter(({ role }) => role === "user").map(({ text }) => text.slice(0, LOOKED_AT_CHARACTERS));
  // opencode announces the text in a separate message.
  const users = texts.filter((text) => text.trim() !== "Generate a title for this conversation:");
  const last = users.at(-1) ?? "";
  if (place === "before") return users.length > 1 ? (users[0] ?? "") : "";
  return place === "last" ? quoted(last) || last : quoted(last) || instructed(last);
}

/** The text inside the tag, or after the label, that clients put around a conversation. */
function quoted(text: string): string {
  const open = /<(chat_history|session|conversation)>/.exec(text);
  if (open) {
    const from = open.index + open[0].length;
    const to = text.indexOf(`</${open[1]}>`, from);
    return text.slice(from, to < 0 ? undefined : to);
  }
  return /^(?:Conversation|Question):\s*([\s\S]+)/m.exec(text)?.[1] ?? "";
}

/** The text after the paragraph with the instructions. */
function instructed(text: string): string {
  return text.replace(/^[\s\S]*?(?:\n\s*\n|:\n)/, "");
}

/** The first words of the first line with letters or digits, without markup and without the speaker's name. */
function titleOf(words: string): string {
  const lines = words.split("\n").map((line) => line.replace(/^\s*(?:USER|User|user|Human)\s*:\s*/, "").trim());
  const line = lines.find((one) => /[\p{L}\p{N}]/u.test(one) && !/^<\/?[\w-]+>$/.test(one)) ?? "";
  const plain = line.replaceAll(/[`*_#>"“”]+/g, " ").trim();
  const short = plain.split(/\s+/).slice(0, MAX_TITLE_WORDS).join(" ");
  const cut = short.slice(0, wholeCharacters(short, Math.min(short.length, MAX_TITLE_CHARACTERS)));
  return cut.replace(/[\s.,:;!?。，！？、]+$/u, "");
}
