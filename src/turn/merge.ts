import type { AnswerPart } from "./ask.ts";

/** A part of one of several answers. */
export interface Choice {
  readonly index: number;
  readonly part: AnswerPart;
}

interface Step {
  readonly index: number;
  readonly result: IteratorResult<AnswerPart>;
}

/** Several answers at the same time, each part as it comes. When one fails, all end. */
export async function* merge(answers: readonly AsyncIterable<AnswerPart>[]): AsyncGenerator<Choice, void, undefined> {
  const [only] = answers;
  if (only && answers.length === 1) {
    for await (const part of only) yield { index: 0, part };
    return;
  }
  const iterators = answers.map((answer) => answer[Symbol.asyncIterator]());
  const next = async (index: number): Promise<Step> => {
    const result = await iterators[index]?.next();
    return { index, result: result ?? { done: true, value: undefined } };
  };
  const pending = new Map(iterators.map((_iterator, index) => [index, next(index)]));
  try {
    while (pending.size > 0) {
      const { index, result } = await Promise.race(pending.values());
      if (result.done) {
        pending.delete(index);
        continue;
      }
      pending.set(index, next(index));
      yield { index, part: result.value };
    }
  } finally {
    // Answers that still work return once they see the signal. Their errors are not reported again.
    for (const step of pending.values()) step.catch(() => undefined);
    for (const iterator of iterators) iterator.return?.()?.catch(() => undefined);
  }
}
