import type { AlertForm, AlertTarget, QuietHours } from "../config/alert-urls.ts";
import type { AccountEvent } from "../pool/account-event.ts";
import { AlertOutbox, type AlertSinks } from "./alert-outbox.ts";
import { ExpiryWatch, type ExpiringAccount } from "./expiry-watch.ts";
import { isAlarming, type ExpiryNotice, type Notice, type StateNotice } from "./notice.ts";
import { quietPeriodAt } from "./quiet-hours.ts";

export interface AlertOptions {
  readonly targets: readonly AlertTarget[];
  readonly quietHours: QuietHours | undefined;
  /** How long before a sign-in ends this is told; 0 never tells it. */
  readonly expiryMs: number;
}

/** An account as it was before a restart. */
export interface RestoredAccount {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  /** In Unix time, milliseconds. */
  readonly since: number;
}

type ToldExpiry = Pick<ExpiryNotice, "account" | "expiresAt">;

/** Which ends of sign-ins the operator was told, so that neither a restart nor another replica tells them again. */
export interface ExpiryMemory {
  readonly told: readonly ToldExpiry[];
  /** Keeps one more. Resolves with whether it is news to the operator. Never rejects. */
  readonly keep: (told: ToldExpiry) => Promise<boolean>;
}

/** What came of a test, by service. The address is a secret but for its host. */
export interface AlertTest {
  readonly form: AlertForm;
  readonly host: string;
  /** Undefined if it arrived. */
  readonly problem: string | undefined;
}

const CHECK_EXPIRY_EVERY_MS = 10 * 60_000;

/**
 * Tells the operator when an account needs them, when it works again, and when its sign-in will end. In quiet hours notices
 * wait, and are sent together afterwards: of each account the last one, and nothing of an alarm that is over by then.
 */
export class Alerts implements Disposable {
  readonly #options: AlertOptions;
  readonly #memory: ExpiryMemory | undefined;
  readonly #outboxes: readonly AlertOutbox[];
  readonly #expiries: ExpiryWatch;
  /** The alarming state that each account is in. */
  readonly #alarms = new Map<string, string>();
  /** The one that the operator has heard of. */
  readonly #heard = new Map<string, string>();
  /** What waits for the end of the quiet hours, by account and kind. */
  readonly #held = new Map<string, Notice>();
  #quietEnd: NodeJS.Timeout | undefined;
  #expiryTimer: NodeJS.Timeout | undefined;

  constructor(options: AlertOptions, sinks: AlertSinks, memory?: ExpiryMemory) {
    this.#options = options;
    this.#memory = memory;
    this.#outboxes = options.targets.map((target) => new AlertOutbox(target, sinks));
    this.#expiries = new ExpiryWatch(options.expiryMs, memory?.told);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#quietEnd);
    clearInterval(this.#expiryTimer);
  }

  /** Looks from now on whether a sign-in ends soon. */
  watchExpiry(accounts: () => readonly ExpiringAccount[]): void {
    if (this.#options.expiryMs === 0) return;
    this.#expiryTimer = setInterval(() => this.checkExpiry(accounts()), CHECK_EXPIRY_EVERY_MS).unref();
  }

  checkExpiry(accounts: readonly ExpiringAccount[], now = Date.now()): void {
    for (const notice of this.#expiries.check(accounts, now)) this.#tell(notice, `expiry\0${notice.account}`);
  }

  /**
   * An alarm from before a restart is not told again, but its end is; one that waited for the end of the quiet hours waits
   * again. Call it before the account's first event.
   */
  restored({ id, state, reason, since }: RestoredAccount): void {
    if (!isAlarming(state)) return;
    this.#alarms.set(id, state);
    const notice: StateNotice = { kind: "state", account: id, state, before: null, reason, since, nextTryAt: null };
    const quiet = this.#quietFor(notice);
    if (quiet && since >= quiet.beganAt) this.#hold(notice, id, quiet.endsAt);
    else this.#heard.set(id, state);
  }

  onEvent(event: AccountEvent): void {
    if (event.kind !== "state") return;
    const { accountId: account, to: state, reason, since, nextTryAt } = event;
    const before = this.#alarms.get(account);
    if (isAlarming(state)) {
      // An alarm that lasts, retries in between included, is told once.
      if (before === state) return;
      this.#alarms.set(account, state);
      // The operator heard of it, and not of what came between.
      if (this.#held.delete(account) && this.#heard.get(account) === state) return;
    } else {
      if (before === undefined || (state !== "ready" && state !== "busy")) return;
      this.#alarms.delete(account);
      // Nobody heard of an alarm that waited and is over.
      if (this.#held.delete(account) && !this.#heard.has(account)) return;
    }
    this.#tell(
      { kind: "state", account, state, before: before ?? null, reason, since, nextTryAt: nextTryAt ?? null },
      account,
    );
  }

  /** Sends a test to each service, in quiet hours too. */
  test(): Promise<readonly AlertTest[]> {
    return Promise.all(
      this.#outboxes.map(async (outbox) => {
        const { form, url } = outbox.target;
        return { form, host: url.host, problem: await outbox.post([{ kind: "test", at: Date.now() }]) };
      }),
    );
  }

  #tell(notice: Notice, subject: string): void {
    const quiet = this.#quietFor(notice);
    this.#held.delete(subject);
    if (quiet) this.#hold(notice, subject, quiet.endsAt);
    else this.#send([notice]);
  }

  #quietFor(notice: Notice): ReturnType<typeof quietPeriodAt> {
    const { quietHours } = this.#options;
    const needsPerson = notice.kind === "state" && notice.state === "needs_attention";
    if (!quietHours || (needsPerson && !quietHours.isForAll)) return undefined;
    return quietPeriodAt(quietHours, Date.now());
  }

  #hold(notice: Notice, subject: string, endsAt: number): void {
    this.#held.set(subject, notice);
    clearTimeout(this.#quietEnd);
    this.#quietEnd = setTimeout(() => this.endQuietHours(), Math.max(0, endsAt - Date.now())).unref();
  }

  /** Sends what waits for the end of the quiet hours. */
  endQuietHours(): void {
    clearTimeout(this.#quietEnd);
    const notices = [...this.#held.values()];
    this.#held.clear();
    if (notices.length > 0) this.#send(notices);
  }

  #send(notices: readonly Notice[]): void {
    for (const notice of notices) {
      if (notice.kind !== "state") continue;
      if (isAlarming(notice.state)) this.#heard.set(notice.account, notice.state);
      else this.#heard.delete(notice.account);
    }
    if (notices.some(({ kind }) => kind === "expiry")) void this.#postNews(notices);
    else this.#post(notices);
  }

  /** Leaves out the ends of sign-ins that another replica has told, which had the account before. */
  async #postNews(notices: readonly Notice[]): Promise<void> {
    const isNews = await Promise.all(
      notices.map(async (notice) => notice.kind !== "expiry" || ((await this.#memory?.keep(notice)) ?? true)),
    );
    const news = notices.filter((_notice, index) => isNews[index]);
    if (news.length > 0) this.#post(news);
  }

  #post(notices: readonly Notice[]): void {
    for (const outbox of this.#outboxes) outbox.add(notices);
  }
}
