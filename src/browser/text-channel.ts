/**
 * A queue with one reader, between the page's binding, which can only push, and a generator, which pulls. The page's credit
 * bounds its length: `onTaken` reports how many bytes the reader took, and the page may send as many more. `push` refuses a
 * page that ignores its credit.
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

  /** False if too much text would wait for the reader; this text is dropped then. */
  push(text: string, bytes: number): boolean {
    if (this.#ended) return true;
    // Characters are counted, because the page may lie about the number of bytes.
    if (this.#text.length + text.length > this.#maxUnreadCharacters) return false;
    this.#text += text;
    this.#bytes += bytes;
    this.#wake?.();
    return true;
  }

  /** Ends the text. The reader gets the queued text first, then the failure, if any. Only the first call counts. */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    for (;;) {
      if (this.#bytes > 0 || this.#text !== "") {
        // All text that came since the last read is given as one piece.
        const [text, bytes] = [this.#text, this.#bytes];
        this.#text = "";
        this.#bytes = 0;
        this.#onTaken(bytes);
        // The bytes of an incomplete character decode to no text yet.
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
