/** How far an account's sign-in can be trusted without asking the site. */
export class SignInTrust {
  /** When the site last confirmed the sign-in, on the monotonic clock; undefined while that is open. */
  #confirmedMs: number | undefined;
  #leftMs = Number.POSITIVE_INFINITY;
  #isDemanded = false;

  /** How long the sign-in was still valid when the site last confirmed it. */
  get leftMs(): number {
    return this.#leftMs;
  }

  /** The site takes the account for signed in. `expiresAt`: until when, in milliseconds since the epoch. */
  confirm(expiresAt = Number.POSITIVE_INFINITY): void {
    this.#confirmedMs = performance.now();
    this.#isDemanded = false;
    this.#leftMs = expiresAt - Date.now();
  }

  /** The site is to confirm the sign-in again. */
  doubt(): void {
    this.#confirmedMs = undefined;
  }

  /** An operator wants the site to be asked, also while the page sleeps. */
  demand(): void {
    this.doubt();
    this.#isDemanded = true;
  }

  /** Whether an operator waits for the site's confirmation. */
  get isDemanded(): boolean {
    return this.#isDemanded;
  }

  /** Whether the site confirmed the sign-in within this time. */
  isConfirmedWithin(ms: number): boolean {
    return this.#confirmedMs !== undefined && performance.now() - this.#confirmedMs < ms;
  }
}
