import type { OperatedPages, PagesEvents } from "../browser/by-hand/operated-pages.ts";

/** What a live view shows: the page of an account, or the site's sign-in page for a new account. */
export interface Subject {
  /** Null for a new account. */
  readonly account: string | null;
  /** False when the account was removed. */
  readonly isThere: boolean;
  /** Waits until nobody else uses the account. @throws GatewayError; the signal's reason. */
  open(opening: Opening): Promise<OpenSubject>;
}

export interface Opening {
  readonly events: PagesEvents;
  readonly signal: AbortSignal;
  /** Called when nobody else uses the account. */
  readonly onTaken: () => void;
}

/** Disposing it closes the pages and gives the account back. */
export interface OpenSubject extends AsyncDisposable {
  readonly pages: Pick<OperatedPages, "tabs" | "shown" | "select" | "close" | "go" | "look" | "check">;
  /** It could not serve before, so the view is over as soon as it can. */
  readonly isInNeed: boolean;
  /**
   * The account is signed in: saves it and puts it into service.
   * @throws GatewayError, when it cannot be saved, or fails all the same; its message says what to do.
   */
  conclude(signal: AbortSignal): Promise<Concluded>;
}

export interface Concluded {
  readonly account: string;
  readonly state: string | null;
}
