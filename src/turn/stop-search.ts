/** A node of the search tree: the beginning of one or more sequences. */
interface Node {
  readonly length: number;
  readonly next: Map<number, Node>;
  /** The longest other beginning that is the end of this one. */
  fallback: Node | undefined;
  /** The longest sequence that is the end of this beginning. */
  stop: string | undefined;
}

/**
 * Searches text that arrives in pieces for several sequences at once. Its time depends on the length of the text only: the
 * algorithm of Aho and Corasick, https://doi.org/10.1145/360825.360855.
 */
export class StopSearch {
  readonly #root: Node = { length: 0, next: new Map(), fallback: undefined, stop: undefined };
  #at = this.#root;

  constructor(stops: readonly string[]) {
    for (const stop of stops) this.#add(stop);
    this.#link();
  }

  /** How many characters at the end of the text may be the beginning of a sequence. */
  get openLength(): number {
    return this.#at.length;
  }

  /** The sequence that ends first, and where it ends in this piece. If several end there, the longest. */
  push(piece: string): { readonly end: number; readonly stop: string } | undefined {
    for (let index = 0; index < piece.length; index += 1) {
      this.#at = this.#step(this.#at, piece.charCodeAt(index));
      if (this.#at.stop !== undefined) return { end: index + 1, stop: this.#at.stop };
    }
    return undefined;
  }

  #add(stop: string): void {
    let node = this.#root;
    for (let index = 0; index < stop.length; index += 1) {
      const code = stop.charCodeAt(index);
      let next = node.next.get(code);
      if (!next)
        node.next.set(code, (next = { length: index + 1, next: new Map(), fallback: undefined, stop: undefined }));
      node = next;
    }
    node.stop = stop;
  }

  /** Links shorter beginnings before longer ones, which depend on them. */
  #link(): void {
    const nodes = [this.#root];
    for (const node of nodes) {
      for (const [code, next] of node.next) {
        next.fallback = node.fallback ? this.#step(node.fallback, code) : this.#root;
        next.stop ??= next.fallback.stop;
        nodes.push(next);
      }
    }
  }

  #step(from: Node, code: number): Node {
    for (let node: Node | undefined = from; node; node = node.fallback) {
      const next = node.next.get(code);
      if (next) return next;
    }
    return this.#root;
  }
}
