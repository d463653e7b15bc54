import type { Item } from "./item.ts";
import { attachmentNote } from "../../../turn/block-words.ts";
import { isFields, readText, textField } from "./content.ts";

/** The text of a tool that the provider ran; empty if it holds none. */
export interface ProviderAct {
  readonly name: string;
  readonly text: string;
}

type Reader = (item: Item) => string;

const nothing: Reader = () => "";
const summary: Reader = (item) => textField(item, "summary") ?? "";

/**
 * Items of tools that OpenAI runs, and items whose content is encrypted for OpenAI. Each reader returns the item's
 * plain text.
 */
const READERS: Readonly<Record<string, Reader>> = {
  reasoning: nothing,
  web_search_call: nothing,
  mcp_list_tools: nothing,
  mcp_approval_request: nothing,
  mcp_approval_response: nothing,
  compaction: summary,
  compaction_summary: summary,
  context_compaction: summary,
  compaction_trigger: nothing,
  mcp_call: (item) => textField(item, "output") ?? errorText(item["error"]),
  image_generation_call: (item) =>
    textField(item, "result") ? lines([textField(item, "revised_prompt"), attachmentNote("image")]) : "",
  code_interpreter_call: (item) => lines([textField(item, "code"), ...list(item["outputs"]).map(outputOfCode)]),
  file_search_call: (item) => lines(list(item["results"]).map(foundText)),
  program: (item) => textField(item, "code") ?? "",
  program_output: (item) => textField(item, "result") ?? "",
};

/** Undefined for items that are the caller's or nobody's. */
export function readProviderItem(item: Item): ProviderAct | undefined {
  const reader = Object.hasOwn(READERS, item.type) ? READERS[item.type] : isServerSearch(item) ? nothing : undefined;
  if (!reader) return undefined;
  const name = textField(item, "name") ?? item.type.replace(/_call$/, "");
  return { name, text: reader(item) };
}

/** A tool search is the caller's if its execution is `client` or it has a call id. */
function isServerSearch(item: Item): boolean {
  if (!item.type.startsWith("tool_search_")) return false;
  return item["execution"] !== "client" && textField(item, "call_id") === undefined;
}

function outputOfCode(output: unknown): string | undefined {
  if (!isFields(output)) return undefined;
  return textField(output, "logs") ?? attachmentNote(textField(output, "type") ?? "");
}

function foundText(result: unknown): string | undefined {
  if (!isFields(result)) return undefined;
  return lines([textField(result, "filename"), textField(result, "text")]);
}

function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  if (!isFields(error)) return "";
  return textField(error, "message") ?? readText(error["content"]).text;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function lines(texts: readonly (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined && text !== "").join("\n");
}
