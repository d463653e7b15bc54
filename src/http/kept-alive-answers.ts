import type { Answers } from "../dialects/dialect.ts";
import type { KeepAlive } from "../turn/keep-alive.ts";
import type { Choice } from "../turn/merge.ts";
import type { Answer, TokenCount } from "../turn/model-answer.ts";

/** The answers to one request, merged and kept alive, and what they cost. */
export class KeptAliveAnswers implements Answers {
  readonly #items: AsyncIterable<Choice | KeepAlive>;
  readonly #answers: readonly Answer[];
  readonly #perQuestion: number;
  #tokens: TokenCount | undefined;
  #counting: Promise<TokenCount> | undefined;

  constructor(items: AsyncIterable<Choice | KeepAlive>, answers: readonly Answer[], perQuestion: number) {
    this.#items = items;
    this.#answers = answers;
    this.#perQuestion = perQuestion;
  }

  [Symbol.asyncIterator](): AsyncIterator<Choice | KeepAlive> {
    return this.#items[Symbol.asyncIterator]();
  }

  /** As they were counted last; undefined where nobody asked. */
  get tokens(): TokenCount | undefined {
    return this.#tokens;
  }

  /** What was given so far, each answer after the other. */
  get text(): string {
    return this.#answers.map(({ text }) => text).join("\n\n");
  }

  async countPromptTokens(): Promise<number> {
    const counts = await Promise.all(this.#questions.map((answer) => answer.countPromptTokens()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Who asks while a count is under way gets the same one: a key's limits and the records ask at an answer's end. */
  countTokens(): Promise<TokenCount> {
    this.#counting ??= this.#count().finally(() => (this.#counting = undefined));
    return this.#counting;
  }

  async #count(): Promise<TokenCount> {
    const counts = await Promise.all(this.#answers.map((answer) => answer.countTokens()));
    this.#tokens = counts.reduce((sum, count, index) => ({
      // Each question once, however many answers.
      prompt: sum.prompt + (index % this.#perQuestion === 0 ? count.prompt : 0),
      completion: sum.completion + count.completion,
      reasoning: sum.reasoning + count.reasoning,
    }));
    return this.#tokens;
  }

  /** The first answer to each question. */
  get #questions(): readonly Answer[] {
    return this.#answers.filter((_answer, index) => index % this.#perQuestion === 0);
  }
}
