import { GatewayError } from "../../../errors.ts";
import { refusedAttachment } from "../../refused-attachment.ts";
import { newItemId, outputText, type Item, type MessageItem } from "./item.ts";
import type { BodyItem, ResponseBody } from "./schema.ts";
import type { ResponseStore } from "./response-store.ts";
import { isFields, readParts, readText } from "./content.ts";

/** The items that a request may refer to. */
interface OwnedItems {
  readonly store: Pick<ResponseStore, "findItem">;
  readonly owner: string;
}

export interface InputItems {
  /** Each has an id. A reference is replaced by the item that it refers to. */
  readonly items: readonly Item[];
  /** Names of what is not kept, e.g. `input.item_reference`. */
  readonly leftOut: readonly string[];
}

/** An item without a type is a message, or a reference if it has an id and no role or content. */
export function withItemTypes(body: unknown): unknown {
  if (!isFields(body) || !Array.isArray(body["input"])) return body;
  const input = (body["input"] as readonly unknown[]).map((item) => {
    if (!isFields(item)) return item;
    const isOnlyId = Object.hasOwn(item, "id") && !Object.hasOwn(item, "role") && !Object.hasOwn(item, "content");
    return { ...item, type: item["type"] ?? (isOnlyId ? "item_reference" : "message") };
  });
  return { ...body, input };
}

/** What of earlier responses a body refers to. */
export function referencesIn(body: unknown): {
  readonly response: string | undefined;
  readonly items: readonly string[];
} {
  const typed = withItemTypes(body);
  if (!isFields(typed)) return { response: undefined, items: [] };
  const { previous_response_id: response, input } = typed;
  const given: readonly unknown[] = Array.isArray(input) ? input : [];
  const items = given.flatMap((item) => {
    const isReferring = isFields(item) && item["type"] === "item_reference" && typeof item["id"] === "string";
    return isReferring ? [String(item["id"])] : [];
  });
  return { response: typeof response === "string" && response !== "" ? response : undefined, items };
}

/**
 * Reads the caller's input into items that can be stored. The data of attachments is dropped; the model gets a line in
 * place of each. An attachment in the user's last message is refused, because the model would have to guess it.
 * @throws GatewayError `unsupported_content`, or `response_not_found` when there is nothing but unknown references.
 */
export function toInputItems(input: ResponseBody["input"], { store, owner }: OwnedItems): InputItems {
  if (typeof input === "string") {
    return { items: [messageItem({ type: "message", role: "user", content: input })], leftOut: [] };
  }
  const given = input ?? [];
  const attaching = attachingIndex(given);
  const items: Item[] = [];
  const leftOut: string[] = [];
  for (const [index, item] of given.entries()) {
    const kept = isReference(item) ? store.findItem(owner, item.id) : keptItem(item);
    if (index === attaching) refuseAttachments(item, `input[${index}].content`);
    if (kept) items.push(kept);
    else leftOut.push("input.item_reference");
  }
  const unknown = given.find(isReference);
  if (items.length === 0 && unknown) throw itemNotFound(unknown.id);
  return { items, leftOut };
}

function isReference(item: BodyItem): item is BodyItem & { readonly id: string } {
  return item.type === "item_reference" && typeof item["id"] === "string";
}

/** The message whose attachments are refused. Some agents send a tool's image as a user message behind the tool's output. */
function attachingIndex(items: readonly BodyItem[]): number | undefined {
  const said = [...items.keys()].filter((index) => !isInstruction(items[index]));
  const [before, last] = [said.at(-2), said.at(-1)];
  const isTools = before !== undefined && items[before]?.type.endsWith("_output") === true;
  return isTools ? undefined : last;
}

function isInstruction(item: BodyItem | undefined): boolean {
  const role = item?.["role"];
  return role === "system" || role === "developer";
}

function refuseAttachments(item: BodyItem, path: string): void {
  if (item.type !== "message" || item["role"] !== "user") return;
  for (const [index, part] of readParts(item["content"]).entries()) {
    if (part.kind === "attachment") throw refusedAttachment("parts", part.type, `${path}[${index}]`);
  }
}

function keptItem(item: BodyItem): Item {
  if (isMessage(item)) return messageItem(item);
  const id = typeof item["id"] === "string" && item["id"] !== "" ? item["id"] : newItemId(item.type);
  switch (item.type) {
    case "function_call":
    case "custom_tool_call":
      return { status: "completed", ...item, id };
    case "function_call_output":
    case "custom_tool_call_output":
      return { status: "completed", ...item, id, ...keptOutput(item["output"]) };
    case "computer_call_output":
      // The screenshot is of no use to the model and too large to be kept.
      return { ...item, id, output: { type: "computer_screenshot" } };
    default:
      return { ...item, id };
  }
}

/** Joins parts into text. A list with a part that is not text stays a list, since each request has to name that part. */
function keptOutput(output: unknown): object {
  if (!Array.isArray(output)) return {};
  const { text, missed } = readText(output);
  if (missed.length === 0) return { output: text };
  const parts = readParts(output);
  const withoutData = (given: unknown, index: number): unknown => {
    const part = parts[index];
    return part?.kind === "attachment" ? { type: part.type } : given;
  };
  return { output: output.map(withoutData) };
}

type BodyMessage = BodyItem & { readonly type: "message"; readonly role: string };

function isMessage(item: BodyItem): item is BodyMessage {
  return item.type === "message";
}

function messageItem({ id, role, content }: BodyMessage): MessageItem {
  return {
    id: typeof id === "string" && id !== "" ? id : newItemId("message"),
    type: "message",
    status: "completed",
    role,
    content: keptContent(content, role),
  };
}

/** Keeps the type of each part that is not text, without its data. */
function keptContent(content: unknown, role: string): MessageItem["content"] {
  return readParts(content).map((part) => {
    if ("type" in part) return { type: part.type };
    const { kind, text } = part;
    if (kind === "refusal") return { type: "refusal", refusal: text };
    return role === "assistant" ? outputText(text) : { type: "input_text", text };
  });
}

function itemNotFound(id: string): GatewayError {
  const message = `Item with id '${id.slice(0, 128)}' not found.`;
  return new GatewayError("response_not_found", message, { param: "input" });
}
