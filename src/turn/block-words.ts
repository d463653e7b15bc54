/** Finds the text of a history's block of any type: a client cannot change its history, and APIs add types. */

type Fields = Readonly<Record<string, unknown>>;

/** The fields that contain a block's text, or a block or list of blocks with text. */
const TEXT_KEYS = ["text", "refusal", "transcript", "content", "output", "stdout", "stderr", "tool_references"];

/** The text of a block or of a list of blocks; undefined if there is none. */
export function wordsOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (Array.isArray(value)) return lines(value.map(wordsOf));
  if (!isFields(value)) return undefined;
  const { type, title } = value;
  if (type === "tool_reference") return toolWords(value, "is available now");
  if (type === "tool_addition") return toolWords(value["tool"], "is available now");
  if (type === "tool_removal") return toolWords(value["tool"], "is no longer available");
  if (type === "browser_state") return `Open tabs: ${JSON.stringify(value["tabs"])}`;
  if (typeof value["error_code"] === "string") return `Error: ${value["error_code"]}`;
  const words = ownWords(value);
  if (words === undefined && typeof type === "string" && kindOf(type) !== undefined) return attachmentNote(type);
  const where = value["url"] ?? (typeof value["source"] === "string" ? value["source"] : undefined);
  const heading = lines([title, typeof title === "string" ? where : undefined].map(textOrNothing));
  return lines([heading, words]);
}

/** Whether a block is an image, a recording or a file, which a text-only site cannot take. */
export function isAttachment(block: Fields): boolean {
  return kindOf(block["type"]) !== undefined && ownWords(block) === undefined;
}

/** The line that replaces an attachment of the history, which cannot be refused; undefined if it is no attachment. */
export function attachmentNote(type: string): string | undefined {
  const kind = kindOf(type);
  return kind && `[${kind}]`;
}

/** Joins text blocks directly, and puts every other block on a line of its own. */
export function joinedWords(pieces: readonly { readonly words: string; readonly isText: boolean }[]): string {
  return pieces.reduce((joined, { words, isText }, index) => {
    const follows = index > 0 && joined !== "" && !(isText && pieces[index - 1]?.isText);
    return `${joined}${follows ? "\n" : ""}${words}`;
  }, "");
}

function kindOf(type: unknown): string | undefined {
  if (typeof type !== "string") return undefined;
  if (/image|screenshot/.test(type)) return "an image, which this model cannot see";
  if (type.includes("video")) return "a video, which this model cannot see";
  if (type.includes("audio")) return "a recording, which this model cannot hear";
  return /^(?:input_)?(?:file|document|media)$|upload/.test(type) ? "a file, which this model cannot read" : undefined;
}

function ownWords(block: Fields): string | undefined {
  return lines([...TEXT_KEYS.map((key) => wordsOf(block[key])), sourceWords(block)]);
}

/** A document contains text or blocks. */
function sourceWords({ source }: Fields): string | undefined {
  if (!isFields(source)) return undefined;
  if (source["type"] === "text") return textOrNothing(source["data"]);
  return source["type"] === "content" ? wordsOf(source["content"]) : undefined;
}

function toolWords(tool: unknown, what: string): string | undefined {
  if (!isFields(tool)) return undefined;
  const { definition } = tool;
  const name = tool["tool_name"] ?? tool["name"] ?? (isFields(definition) ? definition["name"] : undefined);
  return typeof name === "string" ? `Tool ${name} ${what}.` : undefined;
}

function lines(pieces: readonly (string | undefined)[]): string | undefined {
  const said = pieces.filter((piece) => piece !== undefined);
  return said.length > 0 ? said.join("\n") : undefined;
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
