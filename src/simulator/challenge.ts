import { createHash, randomBytes } from "node:crypto";

const CLEARANCE_COOKIE = "cf_clearance";
export const SOLUTION_PATH = "/cdn-cgi/challenge";

/** Bits of zero that a solution's hash begins with: some ten thousand tries, a tenth of a second in a page. */
const DIFFICULTY_BITS = 12;

export interface ChallengeOptions {
  /** Asked for from the start. */
  readonly isOn?: boolean;
  /** The page never solves it: it waits for a person. */
  readonly isUnsolvable?: boolean;
  /** How long a clearance holds. */
  readonly clearanceMs?: number;
  /** How long the page takes beyond its work. */
  readonly extraMs?: number;
}

/** A gate before every page: a browser passes it by itself with a proof of work, and then holds a clearance. */
export class Challenge {
  #options: ChallengeOptions;
  readonly #seeds = new Set<string>();
  readonly #clearances = new Map<string, number>();

  constructor(options: ChallengeOptions) {
    this.#options = options;
  }

  /** Asks everybody anew, clearance or not. */
  demand(options: ChallengeOptions = {}): void {
    this.#options = { ...options, isOn: true };
    this.#clearances.clear();
  }

  drop(): void {
    this.#options = {};
  }

  isDue(cookies: ReadonlyMap<string, string>): boolean {
    if (!this.#options.isOn) return false;
    return (this.#clearances.get(cookies.get(CLEARANCE_COOKIE) ?? "") ?? 0) < Date.now();
  }

  /** The page that solves it. */
  page(): string {
    const seed = randomBytes(16).toString("hex");
    this.#seeds.add(seed);
    const { isUnsolvable = false, extraMs = 0 } = this.#options;
    const script = isUnsolvable
      ? ""
      : `<script>(${solve.toString()})(${JSON.stringify([seed, DIFFICULTY_BITS, extraMs, SOLUTION_PATH]).slice(1, -1)})</script>`;
    return `<!doctype html><html><head><title>Just a moment...</title></head><body><p>Checking your browser.</p>${script}</body></html>`;
  }

  /** A clearance for a right solution. */
  clear(solution: { seed?: unknown; nonce?: unknown }): string | undefined {
    const { seed, nonce } = solution;
    if (typeof seed !== "string" || !this.#seeds.delete(seed)) return undefined;
    const hash = createHash("sha256")
      .update(`${seed}:${String(nonce)}`)
      .digest();
    if (hash.readUInt32BE(0) >>> (32 - DIFFICULTY_BITS) !== 0) return undefined;
    const clearance = randomBytes(24).toString("base64url");
    const lifeMs = this.#options.clearanceMs ?? 3_600_000;
    this.#clearances.set(clearance, Date.now() + lifeMs);
    return `${CLEARANCE_COOKIE}=${clearance}; Path=/; Max-Age=${Math.ceil(lifeMs / 1000)}; HttpOnly; Secure; SameSite=Lax`;
  }
}

/** Runs in the challenge page. */
async function solve(seed: string, bits: number, extraMs: number, path: string): Promise<void> {
  let nonce = 0;
  for (;;) {
    const bytes = new TextEncoder().encode(`${seed}:${nonce}`);
    const hash = new DataView(await crypto.subtle.digest("SHA-256", bytes));
    if (hash.getUint32(0) >>> (32 - bits) === 0) break;
    nonce += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, extraMs));
  await fetch(path, { method: "POST", body: JSON.stringify({ seed, nonce }) });
  location.reload();
}
