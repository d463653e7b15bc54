import type { ChatRequest } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import { cutContext, type ContextCut } from "./context-cut.ts";
import { countTokens } from "./tokens.ts";

export type ContextOverflow = "refuse" | "truncate";

export interface ContextLimitParts {
  readonly promptOf: (request: ChatRequest) => string;
  /** The longest prompt that the site accepts; undefined if unknown. */
  readonly maxPromptCharactersOf: (request: ChatRequest) => number | undefined;
  readonly overflow: ContextOverflow;
}

/** Tokens are counted in this much of the prompt; the rest is taken to be similar. */
const COUNTED_CHARACTERS = 100_000;

export function uncut(request: ChatRequest): ContextCut {
  return { request, turns: 0, characters: 0 };
}

/** Refuses or shortens conversations that are longer than the site accepts. */
export class ContextLimit {
  readonly #parts: ContextLimitParts;

  constructor(parts: ContextLimitParts) {
    this.#parts = parts;
  }

  /** The request as it can be sent to the site, shortened if necessary; undefined if it must be refused. */
  fit(request: ChatRequest): ContextCut | undefined {
    const { promptOf, overflow } = this.#parts;
    const maxPromptCharacters = this.#parts.maxPromptCharactersOf(request);
    if (maxPromptCharacters === undefined || promptOf(request).length <= maxPromptCharacters) return uncut(request);
    return overflow === "truncate" ? cutContext(request, maxPromptCharacters, promptOf) : undefined;
  }

  /** The text that the site is sent for the request. */
  promptOf(request: ChatRequest): string {
    return this.wholePromptOf(this.fit(request)?.request ?? request);
  }

  /** The text of the whole request, however long it is. */
  wholePromptOf(request: ChatRequest): string {
    return this.#parts.promptOf(request);
  }

  /**
   * Uses the sentences of OpenAI's and Anthropic's API: from these, agents learn that they should compact. Agents read tokens; the
   * site counts characters.
   */
  async refusal(request: ChatRequest): Promise<GatewayError> {
    const max = this.#parts.maxPromptCharactersOf(request) ?? 0;
    const prompt = this.wholePromptOf(request);
    const counted = prompt.slice(0, COUNTED_CHARACTERS);
    const tokensPerCharacter = (await countTokens(counted)) / Math.max(1, counted.length);
    const tokens = Math.ceil(prompt.length * tokensPerCharacter);
    const maxTokens = Math.min(tokens - 1, Math.floor(max * tokensPerCharacter));
    const message =
      `prompt is too long: ${tokens} tokens > ${maxTokens} maximum. This model's maximum context length is ${maxTokens} ` +
      `tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages. ` +
      `(The prompt has ${prompt.length} characters, and the site takes ${max}.)`;
    return new GatewayError("context_length_exceeded", message);
  }
}
