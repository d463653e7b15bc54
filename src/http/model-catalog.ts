import { modelNotFound } from "../dialects/parameters.ts";

/** A longer name is no model's, and an answer repeats its name in every chunk. */
const MAX_NAME_CHARACTERS = 256;

export interface ModelRules {
  /** Other names for the site's models, each with the model that it means. */
  readonly aliases: ReadonlyMap<string, string>;
  /** `serve`: an unknown name means the default model. `refuse`: it is `model_not_found`. */
  readonly unknown: "serve" | "refuse";
}

/** The site's models, and which of them serves a name. */
export class ModelCatalog {
  readonly #ids: readonly [string, ...string[]];
  readonly #rules: ModelRules;

  /** The first id is the default. @throws Error when there is none. */
  constructor(ids: readonly string[], rules: ModelRules = { aliases: new Map(), unknown: "serve" }) {
    const [first, ...rest] = new Set(ids);
    if (first === undefined) throw new Error("A site has at least one model.");
    this.#ids = [first, ...rest];
    this.#rules = rules;
  }

  /** The names that exist: the site's own, then the configured ones. */
  get names(): readonly string[] {
    return [...new Set([...this.#ids, ...this.#rules.aliases.keys()])];
  }

  /**
   * The model that serves a request for this name. Applications have names of their own built in, and many offer no
   * place to change them.
   * @throws GatewayError `model_not_found`.
   */
  serving(name: string): string {
    const known = this.#rules.aliases.get(name) ?? this.#ids.find((id) => id === name);
    if (known !== undefined) return known;
    if (this.#rules.unknown === "refuse" || name.length > MAX_NAME_CHARACTERS) throw modelNotFound(name);
    return this.#ids[0];
  }
}
