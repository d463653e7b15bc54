import { createHash, randomBytes } from "node:crypto";

const CLEARANCE_COOKIE = "cf_clearance";
export const SOLUTION_PATH = "/cdn-cgi/challenge";

/** A solution's hash begins with so many zero bits: about four thousand tries, a tenth of a second in a page. */
const DIFFICULTY_BITS = 12;
const DEFAULT_CLEARANCE_MS = 3_600_000;

export interface ChallengeOptions {
  /** The challenge is on from the start. */
  readonly isOn?: boolean;
  /** The page does not solve it and waits for a person. */
  readonly isUnsolvable?: boolean;
  /** The page solves it once a person clicked in its box; clicks by scripts do not count. */
  readonly needsClick?: boolean;
  /** Lifetime of a clearance. */
  readonly clearanceMs?: number;
  /** Pause of the page after its work. */
  readonly extraMs?: number;
  /** Status and headers of the challenge; default: Cloudflare's. */
  readonly head?: ChallengeHead;
}

interface ChallengeHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

const CLOUDFLARE: ChallengeHead = { status: 403, headers: { "cf-mitigated": "challenge" } };

/** Where a person clicks, for those who see only a picture: in CSS pixels from the upper left corner. */
export const CLICK_AT = { x: 120, y: 130 };
const CLICK_BOX =
  '<div id="box" style="position:fixed;left:40px;top:100px;width:160px;height:60px;background:#ddd">I am human</div>';

interface Rule {
  readonly options: ChallengeOptions;
  /** Clearances up to this number are invalid. */
  readonly voidUpTo: number;
}

/** A gate before every page. A browser passes it by itself with a proof of work, and gets a clearance. */
export class Challenge {
  #everyone: Rule;
  readonly #accounts = new Map<string, Rule>();
  readonly #seeds = new Set<string>();
  readonly #clearances = new Map<string, { readonly number: number; readonly expiresAt: number }>();
  #issued = 0;

  constructor(options: ChallengeOptions) {
    this.#everyone = { options, voidUpTo: 0 };
  }

  /** Challenges again, with or without a clearance: one account, or all. */
  demand(options: ChallengeOptions = {}, account?: string): void {
    this.#rule({ options: { ...options, isOn: true }, voidUpTo: this.#issued }, account);
  }

  /** Challenges no more: one account, or all. */
  drop(account?: string): void {
    this.#rule({ options: {}, voidUpTo: this.#issued }, account);
  }

  isDue(cookies: ReadonlyMap<string, string>, account: string | undefined): boolean {
    const { options, voidUpTo } = this.#ruleFor(account);
    if (!options.isOn) return false;
    const clearance = this.#clearances.get(cookies.get(CLEARANCE_COOKIE) ?? "");
    return clearance === undefined || clearance.number <= voidUpTo || clearance.expiresAt <= Date.now();
  }

  headFor(account: string | undefined): ChallengeHead {
    return this.#ruleFor(account).options.head ?? CLOUDFLARE;
  }

  /** The challenge page, with the script that solves it. */
  page(account: string | undefined): string {
    const { isUnsolvable = false, needsClick = false, extraMs = 0 } = this.#ruleFor(account).options;
    const isForPerson = isUnsolvable || needsClick;
    const script = isUnsolvable ? "" : this.#script(needsClick ? clicked : solve, extraMs);
    const text = isForPerson ? "Waiting for you to confirm that you are human." : "Checking your browser.";
    const box = needsClick ? CLICK_BOX : "";
    return `<!doctype html><html><head><title>Just a moment...</title></head><body><p>${text}</p>${box}${script}</body></html>`;
  }

  /** Returns a clearance cookie for a correct solution. A page's seed can be used once. */
  clear(solution: { seed?: unknown; nonce?: unknown }, account: string | undefined): string | undefined {
    const { seed, nonce } = solution;
    if (typeof seed !== "string" || !this.#seeds.delete(seed)) return undefined;
    const hash = createHash("sha256")
      .update(`${seed}:${String(nonce)}`)
      .digest();
    if (hash.readUInt32BE(0) >>> (32 - DIFFICULTY_BITS) !== 0) return undefined;
    const clearance = randomBytes(24).toString("base64url");
    const lifeMs = this.#ruleFor(account).options.clearanceMs ?? DEFAULT_CLEARANCE_MS;
    this.#issued += 1;
    this.#clearances.set(clearance, { number: this.#issued, expiresAt: Date.now() + lifeMs });
    return `${CLEARANCE_COOKIE}=${clearance}; Path=/; Max-Age=${Math.ceil(lifeMs / 1000)}; HttpOnly; Secure; SameSite=Lax`;
  }

  #rule(rule: Rule, account: string | undefined): void {
    if (account !== undefined) return void this.#accounts.set(account, rule);
    this.#everyone = rule;
    this.#accounts.clear();
  }

  #ruleFor(account: string | undefined): Rule {
    return (account === undefined ? undefined : this.#accounts.get(account)) ?? this.#everyone;
  }

  #script(start: typeof solve | typeof clicked, extraMs: number): string {
    const seed = randomBytes(16).toString("hex");
    this.#seeds.add(seed);
    const values = JSON.stringify([seed, DIFFICULTY_BITS, extraMs, SOLUTION_PATH]).slice(1, -1);
    return `<script>${solve.toString()};(${start.toString()})(${values})</script>`;
  }
}

/** Runs in the challenge page that needs a click. */
function clicked(...work: Parameters<typeof solve>): void {
  document.querySelector("#box")?.addEventListener("click", (event) => {
    if (event.isTrusted) void solve(...work);
  });
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
  location.replace(location.href);
}
