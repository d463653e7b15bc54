import type { Alerts } from "./alerts.ts";
import type { BrowserFleet } from "./browser/browser-fleet.ts";
import type { BrowserHost } from "./browser/browser-host.ts";
import { Session, type SessionOptions } from "./browser/session.ts";
import { SignIn } from "./browser/sign-in.ts";
import type { Credential } from "./credentials.ts";
import type { Log } from "./log.ts";
import { Pace, type RateLimit } from "./pool/pace.ts";
import type { SessionPool } from "./pool/session-pool.ts";
import { Slot } from "./pool/slot.ts";
import type { SessionStates } from "./session-states.ts";

export interface RosterParts {
  readonly pool: SessionPool;
  readonly browsers: BrowserFleet;
  readonly states: SessionStates;
  readonly options: SessionOptions & { readonly rateLimit: RateLimit | undefined };
  readonly alerts: Alerts;
  readonly log: Log;
}

interface Member {
  readonly credential: Credential;
  readonly pace: Pace;
  readonly host: BrowserHost;
}

/** Which credentials are in use. A new list changes only what differs: nobody else's stream is touched. */
export class Roster {
  readonly #parts: RosterParts;
  readonly #members = new Map<string, Member>();
  #applying: Promise<void> = Promise.resolve();

  constructor(parts: RosterParts) {
    this.#parts = parts;
  }

  /** Takes in what is new, lets go what is gone; what has another cookie is drained first and then replaced. */
  async apply(credentials: readonly Credential[]): Promise<void> {
    const before = this.#applying;
    this.#applying = (async () => {
      await before.catch(() => {});
      const wanted = new Map(credentials.map((credential) => [credential.id, credential]));
      const gone = [...this.#members].filter(([id, { credential }]) => wanted.get(id)?.cookie !== credential.cookie);
      const kept = new Set(this.#members.keys());
      for (const [id] of gone) kept.delete(id);
      const fresh = credentials.filter(({ id }) => !kept.has(id));
      const leaving = Promise.all(gone.map(([id]) => this.#remove(id)));
      const paces = new Map(gone.map(([id, { pace }]) => [id, pace]));
      for (const credential of fresh) {
        if (!paces.has(credential.id)) await this.#add(credential, await this.#parts.states.sentAt(credential));
      }
      // One that is replaced waits for the old one's last answer; all others came in at once.
      await leaving;
      for (const credential of fresh) {
        const pace = paces.get(credential.id);
        if (pace) await this.#add(credential, pace.sentAt);
      }
      await this.#parts.states.forgetExcept([...wanted.keys()]);
    })();
    await this.#applying;
  }

  /** `sentAt`: when the account sent lately; milliseconds since the epoch. */
  async #add(credential: Credential, sentAt: readonly number[]): Promise<void> {
    const { pool, browsers, states, options, alerts, log } = this.#parts;
    const { id, cookie } = credential;
    const stored = await states.load(credential);
    const host = browsers.moveIn();
    const signIn = new SignIn(options.site, cookie, stored?.cookies);
    const session = new Session(host, signIn, options);
    const pace = new Pace(options.rateLimit, sentAt);
    const onChange = (changed: Slot): void => {
      const { state, reason, since, nextTryAt } = changed;
      log.debug({ credential: id, state, reason, since, nextTryAt }, "account state");
      states.changed(credential, changed);
      alerts.changed(changed);
    };
    const slot = new Slot({ id, session, pace, verdict: stored?.verdict, onChange });
    signIn.onChange = () => states.changed(credential, slot);
    pace.onSent = () => states.changed(credential, slot);
    alerts.restored(slot);
    this.#members.set(id, { credential, pace, host });
    await pool.add(slot);
    log.info({ credential: id, restored: stored !== undefined }, "account added");
  }

  async #remove(id: string): Promise<void> {
    const member = this.#members.get(id);
    if (!member) return;
    this.#members.delete(id);
    await this.#parts.pool.remove(id);
    await this.#parts.browsers.moveOut(member.host);
    this.#parts.log.info({ credential: id }, "account removed");
  }
}
