/**
 * A single-reader queue between the page's binding, which can only push, and a generator, which pulls. What is queued is
 * bounded by the page's credit: `onTaken` tells how many bytes the reader took, and the page is let on by as many. A page
 * that ignores its credit is refused by `push`.
 */
export class TextChannel implements AsyncIterable<string> {
  readonly #onTaken: (bytes: number) => void;
  readonly #maxUnreadCharacters: number;
  #text = "";
  #bytes = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(onTaken: (bytes: number) => void, maxUnreadCharacters: number) {
    this.#onTaken = onTaken;
    this.#maxUnreadCharacters = maxUnreadCharacters;
  }

  /** False when the text would exceed what may wait for the reader; the text is dropped then. */
  push(text: string, bytes: number): boolean {
    if (this.#ended) return true;
    // The characters are counted, because the number of bytes is only what the page says.
    if (this.#text.length + text.length > this.#maxUnreadCharacters) return false;
    this.#text += text;
    this.#bytes += bytes;
    this.#wake?.();
    return true;
  }

  /** Ends the text; with a failure the reader gets what is queued first, then the failure. The first end counts. */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    for (;;) {
      if (this.#bytes > 0 || this.#text !== "") {
        // Everything that came while the reader was away goes out as one piece.
        const [text, bytes] = [this.#text, this.#bytes];
        this.#text = "";
        this.#bytes = 0;
        this.#onTaken(bytes);
        // Half a character decodes to nothing yet.
        if (text !== "") yield text;
      } else if (this.#ended) {
        if (this.#failure) throw this.#failure;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    }
  }
}
