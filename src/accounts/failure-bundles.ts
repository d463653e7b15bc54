import type { PageEvidence } from "../browser/page-evidence.ts";
import type { Log, Redaction } from "../observe/log.ts";
import { withoutSecrets } from "../observe/secret-free.ts";
import type { FailedAttempt, FailureWitness } from "../pool/failure-witness.ts";
import { BundleStore, type BundleLimits } from "../store/bundle-store.ts";
import type { AccountHistory } from "./account-history.ts";

export interface FailureBundlesParts {
  readonly store: BundleStore;
  readonly history: Pick<AccountHistory, "of">;
  readonly redaction: Redaction;
  readonly log: Pick<Log, "warn">;
}

/** What is known of a request that failed in the browser. Holds no secret that the gateway knows. */
export interface FailureBundle {
  readonly requestId: string;
  readonly at: number;
  readonly account: { readonly id: string; readonly state: string; readonly reason: string; readonly since: number };
  readonly error: { readonly code: string; readonly message: string };
  readonly address: string | null;
  readonly title: string | null;
  readonly timings: {
    readonly attempt: number;
    readonly queuedMs: number;
    /** From the lease to the prompt's arrival at the site; null where it did not arrive. */
    readonly leaseMs: number | null;
    /** From the lease to the failure. */
    readonly elapsedMs: number;
  };
  readonly states: readonly {
    readonly at: number;
    readonly before: string;
    readonly after: string;
    readonly reason: string;
  }[];
  readonly console: PageEvidence["console"];
  readonly isHtmlCut: boolean;
  /** What could not be seen. */
  readonly missing: readonly string[];
  readonly files: readonly string[];
}

type About = Pick<FailureBundle, "at" | "account" | "error" | "timings" | "states">;

export interface BundleOptions extends Omit<BundleLimits, "count"> {
  readonly count: number | "off";
  readonly stateDir: string;
}

const ABOUT = "bundle.json";
export const SCREENSHOT = "screenshot.jpg";
export const PAGE = "page.html";
/** Pictures cost processor time, which running answers need. */
const MAX_AT_ONCE = 2;
const MAX_A_MINUTE = 30;
const MINUTE_MS = 60_000;
const STATES_KEPT = 10;

/** Keeps what the account's page showed when a request failed, under the request's id. No request waits for it. */
export class FailureBundles implements FailureWitness, Disposable {
  readonly #parts: FailureBundlesParts;
  #running = 0;
  /** When the last ones were taken, on the monotonic clock. */
  #takenMs: number[] = [];

  private constructor(parts: FailureBundlesParts) {
    this.#parts = parts;
  }

  /** Undefined where none are to be kept, or the folder cannot be used: then the log says why. */
  static async open(
    { count, stateDir, ...limits }: BundleOptions,
    parts: Omit<FailureBundlesParts, "store">,
  ): Promise<FailureBundles | undefined> {
    if (count === "off") return undefined;
    try {
      return new FailureBundles({ ...parts, store: await BundleStore.open(stateDir, { ...limits, count }) });
    } catch (cause) {
      parts.log.warn({ err: cause }, "no bundles of failures are kept: their folder in STATE_DIR cannot be used");
      return undefined;
    }
  }

  /**
   * The account is given back once its page was looked at, which takes three seconds at most; at once where the request may
   * be asked again with it.
   */
  witness(attempt: FailedAttempt): void {
    const nowMs = performance.now();
    this.#takenMs = this.#takenMs.filter((takenMs) => nowMs - takenMs < MINUTE_MS);
    if (this.#running >= MAX_AT_ONCE || this.#takenMs.length >= MAX_A_MINUTE) return;
    this.#running += 1;
    this.#takenMs.push(nowMs);
    const looked = attempt.lease.evidence();
    if (!attempt.mayRepeat) attempt.lease.holdFor(looked);
    const about = this.#aboutOf(attempt);
    looked
      .then((evidence) => this.#keep(about, evidence, attempt))
      .catch((cause: unknown) => this.#parts.log.warn({ err: cause }, "a failure's bundle was not kept"))
      .finally(() => (this.#running -= 1));
  }

  [Symbol.dispose](): void {
    this.#parts.store[Symbol.dispose]();
  }

  async find(requestId: string): Promise<FailureBundle | undefined> {
    const text = await this.#parts.store.read(requestId, ABOUT);
    return text && (JSON.parse(text.toString()) as FailureBundle);
  }

  file(requestId: string, name: typeof SCREENSHOT | typeof PAGE): Promise<Buffer | undefined> {
    return this.#parts.store.read(requestId, name);
  }

  /** As it is at the failure: a moment later the account recovers. */
  #aboutOf({ lease, failure, progress }: FailedAttempt): About {
    const { id, state, reason, since } = lease.account;
    const states = this.#parts.history.of(id).slice(0, STATES_KEPT);
    return {
      at: Date.now(),
      account: { id, state, reason, since },
      error: { code: failure.code, message: failure.message },
      timings: {
        attempt: progress.attempts,
        queuedMs: Math.round(progress.queuedMs),
        leaseMs: lease.sentAfterMs === undefined ? null : Math.round(lease.sentAfterMs),
        elapsedMs: Math.round(lease.elapsedMs),
      },
      states: states.map(({ since: at, from: before, to: after, reason: why }) => ({ at, before, after, reason: why })),
    };
  }

  async #keep(about: About, evidence: PageEvidence | undefined, { lease, requestId }: FailedAttempt): Promise<void> {
    const cookies = lease.account.session.authCookies.cookies.map(({ value }) => value);
    const clean = (text: string): string => withoutSecrets(this.#parts.redaction.apply(text), cookies);
    const { document, screenshot, console: lines = [], missing = ["there was no page"] } = evidence ?? {};
    const files = {
      ...(screenshot && { [SCREENSHOT]: screenshot }),
      ...(document && { [PAGE]: clean(document.html) }),
    };
    const bundle: FailureBundle = {
      requestId,
      ...about,
      address: evidence ? clean(evidence.address) : null,
      title: document ? clean(document.title) : null,
      console: lines.map((line) => ({ ...line, text: clean(line.text) })),
      isHtmlCut: document?.isCut ?? false,
      missing,
      files: Object.keys(files),
    };
    const isKept = await this.#parts.store.save(requestId, { [ABOUT]: JSON.stringify(bundle), ...files }, about.at);
    if (!isKept) this.#parts.log.warn({ requestId }, "a failure's bundle was not kept: the disk is too slow");
  }
}
