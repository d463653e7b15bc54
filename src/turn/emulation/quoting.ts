/** Tells whether prose is quoted: in a code fence, in back-quotes, after a quotation mark, or after `>`. */
export class Quoting {
  /** The marker that opened the fence around the text, e.g. three back-quotes. */
  #fence: string | undefined;
  /** The current line: its beginning, its last character, and whether a back-quote is still open. */
  #lineStart = "";
  #last = "";
  #isInCode = false;

  push(prose: string): void {
    let from = 0;
    for (let end = prose.indexOf("\n"); end >= 0; end = prose.indexOf("\n", from)) {
      this.#extendLine(prose.slice(from, end));
      this.#endLine();
      from = end + 1;
    }
    this.#extendLine(prose.slice(from));
  }

  /** Whether the next text is quoted. */
  get isQuoted(): boolean {
    return (
      this.#fence !== undefined ||
      this.#isInCode ||
      FENCE.test(this.#lineStart) ||
      this.#lineStart.startsWith(">") ||
      OPENING_MARKS.has(this.#last)
    );
  }

  #extendLine(text: string): void {
    if (text === "") return;
    if (this.#lineStart.length < LINE_START_CHARACTERS) {
      this.#lineStart = (this.#lineStart + text).slice(0, LINE_START_CHARACTERS);
    }
    this.#last = text.at(-1) ?? "";
    for (let at = text.indexOf("`"); at >= 0; at = text.indexOf("`", at + 1)) this.#isInCode = !this.#isInCode;
  }

  #endLine(): void {
    const marker = FENCE.exec(this.#lineStart)?.[1];
    if (marker !== undefined && this.#fence === undefined) this.#fence = marker;
    else if (marker !== undefined && marker.startsWith(this.#fence ?? "")) this.#fence = undefined;
    this.#lineStart = "";
    this.#last = "";
    this.#isInCode = false;
  }
}

/** Enough of a line to tell whether it is a fence. */
const LINE_START_CHARACTERS = 16;
/** https://spec.commonmark.org/0.31.2/#fenced-code-blocks */
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const OPENING_MARKS: ReadonlySet<string> = new Set(['"', "'", "“", "‘", "«", "„"]);
