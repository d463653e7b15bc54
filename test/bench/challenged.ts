import type { Path } from "./paths.ts";
import type { Site } from "./site.ts";

export const QUESTIONS = 20;
/** Before these questions the site asks everybody for a new challenge. */
const CHALLENGED_BEFORE: ReadonlySet<number> = new Set([5, 10, 15]);

/** How many of 20 questions each path answers, one after another, while the site challenges three times. */
export async function answeredThroughChallenges(site: Site, paths: readonly Path[]): Promise<readonly number[]> {
  const answered = paths.map(() => 0);
  for (let question = 0; question < QUESTIONS; question += 1) {
    if (CHALLENGED_BEFORE.has(question)) await site.challengeAll();
    for (const [index, path] of paths.entries()) {
      if (await isAnswered(path, `question ${question}`)) answered[index] = (answered[index] ?? 0) + 1;
    }
  }
  return answered;
}

async function isAnswered(path: Path, question: string): Promise<boolean> {
  let answer = "";
  try {
    for await (const piece of path.ask(question, 0)) answer += piece;
  } catch {
    return false;
  }
  return answer === `You said: ${question}`;
}
