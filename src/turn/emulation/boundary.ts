import { createHmac, randomBytes } from "node:crypto";

/** They are three tokens of o200k_base, whatever their value, so the same question always counts the same. */
const DIGITS = 9;
/** Nobody who writes a text can compute its boundary. */
const SECRET = randomBytes(32);

/**
 * Digits that the question does not hold, and that nobody can foresee. They are the same whenever this process is asked
 * the same: a client that repeats its question reads along in the answer to the first one, with the boundary of that.
 */
export function boundaryOf(question: string): string {
  for (let attempt = 0; ; attempt += 1) {
    const hash = createHmac("sha256", SECRET).update(`${attempt} `).update(question).digest();
    const least = 10 ** (DIGITS - 1);
    const boundary = String(least + (hash.readUIntBE(0, 6) % (9 * least)));
    if (!question.includes(boundary)) return boundary;
  }
}
