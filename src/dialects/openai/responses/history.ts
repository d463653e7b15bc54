import type { Message, ToolCall } from "../../../chat.ts";
import { speakerOf } from "../../../turn/speaker.ts";
import type { Item } from "./item.ts";
import { readCall, readOutput, type PastCall, type PastOutput } from "./call-items.ts";
import { readText, textField, type ReadText } from "./content.ts";
import { DECLARING_ITEMS } from "./declared-tools.ts";
import { readProviderItem } from "./provider-items.ts";

export interface History {
  readonly messages: readonly Message[];
  /** Names of what the model is not told, e.g. `input.web_search_call`. */
  readonly leftOut: readonly string[];
  /** The call id of the first output whose call is missing. */
  readonly orphan: string | undefined;
}

/**
 * Items → messages. A client cannot change its history, so no item is refused: calls and outputs stay calls and
 * outputs, other items become the text that they hold. An assistant's calls belong to the message before them.
 */
export function toHistory(items: readonly Item[]): History {
  const builder = new HistoryBuilder();
  for (const item of items) builder.add(item);
  return builder;
}

/** Items that hold settings, not text. `response-request.ts` and `declared-tools.ts` read them. */
const SETTINGS: ReadonlySet<string> = new Set(["additional_tools", "configuration_update"]);

class HistoryBuilder implements History {
  readonly messages: Message[] = [];
  readonly leftOut: string[] = [];
  orphan: string | undefined;
  readonly #callIds = new Map<string, string>();
  #openCalls: ToolCall[] | undefined;

  add(item: Item): void {
    if (SETTINGS.has(item.type)) return;
    const act = readProviderItem(item);
    if (act) {
      if (act.text === "" && !DECLARING_ITEMS.has(item.type)) this.leftOut.push(`input.${item.type}`);
      if (act.text !== "") this.#say({ role: "tool", text: act.text, name: act.name });
      return;
    }
    const call = readCall(item);
    if (call) return this.#call(call);
    const output = readOutput(item);
    if (output) return this.#output(output);
    this.#message(item);
  }

  #say(message: Message): void {
    this.#openCalls = undefined;
    this.messages.push(message);
  }

  #call({ ids, call }: PastCall): void {
    for (const id of ids) this.#callIds.set(id, call.id);
    if (!this.#openCalls) {
      this.#openCalls = [];
      const said = this.messages.at(-1)?.role === "assistant" ? this.messages.pop() : undefined;
      this.messages.push({ role: "assistant", text: said?.text ?? "", toolCalls: this.#openCalls });
    }
    this.#openCalls.push(call);
  }

  /** An output whose call is missing is still a result. */
  #output({ ids, name, ...read }: PastOutput): void {
    const toolCallId = ids.map((id) => this.#callIds.get(id)).find((id) => id !== undefined);
    if (toolCallId === undefined) this.orphan ??= ids[0] ?? "";
    const named = name === undefined ? {} : { name };
    this.#say({ role: "tool", text: this.#text(read), ...(toolCallId === undefined ? named : { toolCallId }) });
  }

  #message(item: Item): void {
    const read = readText(item["content"] ?? item["text"] ?? item["summary"]);
    const text = this.#text(read);
    const isMessage = item.type === "message";
    if (text === "" && !isMessage) this.leftOut.push(`input.${item.type}`);
    if (text === "" && (!isMessage || read.missed.length > 0)) return;
    const givenRole = textField(item, "role") ?? "";
    const { role, name: unknownRole } = speakerOf(givenRole);
    const name = textField(item, "author") ?? (isMessage ? givenRole : item.type);
    this.#say(unknownRole === undefined ? { role, text } : { role, text, name });
  }

  #text({ text, missed }: ReadText): string {
    for (const type of missed) this.leftOut.push(`input.content.${type}`);
    return text;
  }
}
