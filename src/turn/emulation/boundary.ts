import { createHmac, randomBytes } from "node:crypto";

/** Nine digits are always three tokens of o200k_base, so the same question always has the same number of tokens. */
const DIGITS = 9;
/** Without it, the author of a text could compute the text's boundary. */
const SECRET = randomBytes(32);

/**
 * Digits that the question does not contain and that nobody can predict. The same question has the same boundary in this process:
 * a repeated request joins the first one and reads its answer, which has the first one's boundary.
 */
export function boundaryOf(question: string): string {
  for (let attempt = 0; ; attempt += 1) {
    const hash = createHmac("sha256", SECRET).update(`${attempt} `).update(question).digest();
    const least = 10 ** (DIGITS - 1);
    const boundary = String(least + (hash.readUIntBE(0, 6) % (9 * least)));
    if (!question.includes(boundary)) return boundary;
  }
}
