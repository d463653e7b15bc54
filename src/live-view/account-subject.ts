import { OperatedPages } from "../browser/by-hand/operated-pages.ts";
import { GatewayError } from "../errors.ts";
import type { AccountState } from "../pool/account-state.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import { abortable } from "../process/abortable.ts";
import type { Concluded, Opening, OpenSubject, Subject } from "./subject.ts";

/** The page opens again, and the browser may have to solve something. */
const RETURN_LIMIT_MS = 60_000;
const IN_NEED: ReadonlySet<AccountState> = new Set(["needs_attention", "challenged", "expired"]);
const SERVING: ReadonlySet<AccountState> = new Set(["idle", "ready", "busy", "rate_limited", "disabled"]);

type Pool = Pick<SessionPool, "operator" | "states" | "events">;

/** An account of the pool, which lends it to nobody else meanwhile. */
export class AccountSubject implements Subject {
  readonly account: string;
  readonly #pool: Pool;

  constructor(id: string, pool: Pool) {
    this.account = id;
    this.#pool = pool;
  }

  get isThere(): boolean {
    return this.#status !== undefined;
  }

  async open({ events, onTaken, signal }: Opening): Promise<OpenSubject> {
    const state = this.#status?.state ?? "idle";
    const lease = await this.#pool.operator.takeOver(this.account, signal);
    onTaken();
    const { site } = lease.session.options;
    const startPath = (state === "expired" ? site.loginPath : undefined) ?? site.homePath;
    try {
      const pages = await OperatedPages.open({ session: lease.session, startPath, events });
      const giveBack = async (): Promise<void> => {
        await pages[Symbol.asyncDispose]();
        await lease[Symbol.asyncDispose]();
      };
      return {
        pages,
        isInNeed: IN_NEED.has(state),
        conclude: (stopping) => this.#conclude(giveBack, stopping),
        [Symbol.asyncDispose]: giveBack,
      };
    } catch (cause) {
      await lease[Symbol.asyncDispose]();
      throw cause;
    }
  }

  get #status() {
    return this.#pool.states.find(({ id }) => id === this.account);
  }

  /** The pool opens the page itself before it lends the account, and that decides. */
  async #conclude(giveBack: () => Promise<void>, signal: AbortSignal): Promise<Concluded> {
    const settled = Promise.withResolvers<void>();
    using _subscription = this.#pool.events.subscribe((event) => {
      if (event.accountId !== this.account || event.kind !== "state") return;
      const isUnderWay = event.to === "opening" || (event.to === "idle" && event.from === "taken_over");
      if (!isUnderWay) settled.resolve();
    });
    await giveBack();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(RETURN_LIMIT_MS)]);
    await abortable(settled.promise, limit).catch(() => {});
    const { state, reason } = this.#status ?? {};
    if (state && SERVING.has(state)) return { account: this.account, state };
    throw new GatewayError("no_usable_account", `The account does not serve: ${reason ?? "it was removed"}.`);
  }
}
