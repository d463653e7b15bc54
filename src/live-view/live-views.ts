import type { WebSocket } from "ws";
import type { Audit } from "../admin/audit.ts";
import { GatewayError } from "../errors.ts";
import type { ConsoleSession } from "../http/console-session.ts";
import { LiveView, type LiveViewLimits } from "./live-view.ts";
import type { Subject } from "./subject.ts";
import { Tickets, type Ticket } from "./tickets.ts";
import { Viewer } from "./viewer.ts";
import { CLOSE_CODES } from "./wire.ts";

/** Each holds a page, and a browser may have to start for it. */
const MAX_VIEWS = 8;
/** What the record of changes calls an account that is not there yet. */
const NEW_ACCOUNT = "a new account";
const LIMITS: LiveViewLimits = { maxMs: 600_000, graceMs: 5_000 };

/** What a ticket is for, and who asked for it. */
export interface Grant {
  /** The account's id; undefined for a new account. */
  readonly account?: string | undefined;
  /** The id that a new account gets, if one was given. */
  readonly newId?: string | undefined;
  /** The site of a new account; the first one if undefined. */
  readonly site?: string | undefined;
  /** As the record of changes names them. */
  readonly actor: string;
  /** The console's session that asked; undefined if the admin key did. */
  readonly session?: Pick<ConsoleSession, "id" | "ended"> | undefined;
}

export interface LiveViewsParts {
  /** Whether there is an account with this id. */
  readonly hasAccount: (id: string) => boolean;
  /** @throws GatewayError `invalid_value` for a site that is not known. */
  readonly assertSite: (name: string | undefined) => void;
  readonly subjectOf: (grant: Grant) => Subject;
  /** Learns of the start and the end of each view. */
  readonly audit: Audit;
  readonly limits?: LiveViewLimits;
  readonly ticketLifeMs?: number;
}

/** The live views that are open, and the tickets for them. */
export class LiveViews implements AsyncDisposable {
  readonly #parts: LiveViewsParts;
  readonly #tickets: Tickets<Grant>;
  readonly #views = new Map<string, LiveView>();
  #isStopping = false;

  constructor(parts: LiveViewsParts) {
    this.#parts = parts;
    this.#tickets = new Tickets(parts.ticketLifeMs);
  }

  /** @throws GatewayError `account_not_found`; `invalid_value` for an unknown site; `overloaded` when too many views are open. */
  ticketFor(grant: Grant): Ticket {
    if (grant.account !== undefined && !this.#parts.hasAccount(grant.account)) {
      throw new GatewayError("account_not_found", "There is no account with this id.");
    }
    this.#parts.assertSite(grant.site);
    if (!this.hasRoomFor(grant)) {
      throw new GatewayError("overloaded", `${MAX_VIEWS} live views are open already.`);
    }
    return this.#tickets.issue(grant);
  }

  /** Whether the view is open, or one more may open. */
  hasRoomFor(grant: Grant): boolean {
    return this.#views.has(keyOf(grant)) || this.#views.size < MAX_VIEWS;
  }

  /** What the ticket grants. It is used up; undefined for one that is unknown, used or too old. */
  redeem(ticket: string): Grant | undefined {
    return this.#isStopping ? undefined : this.#tickets.redeem(ticket);
  }

  /** Shows the view to one more viewer, and opens it if nobody watches it yet. */
  connect(socket: WebSocket, grant: Grant): void {
    const view = this.#views.get(keyOf(grant)) ?? this.#open(grant);
    const viewer: Viewer = new Viewer(socket, {
      onMessage: (message) => view.onMessage(viewer, message),
      onGone: () => {
        grant.session?.ended.removeEventListener("abort", onSessionEnd);
        view.onGone(viewer);
      },
    });
    const onSessionEnd = (): void => viewer.close(CLOSE_CODES.signedOut, "the console's session has ended");
    grant.session?.ended.addEventListener("abort", onSessionEnd);
    view.join(viewer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#views.values()].map((view) => view.stop()));
  }

  #open(grant: Grant): LiveView {
    const { subjectOf, audit, limits = LIMITS } = this.#parts;
    const { actor, account = NEW_ACCOUNT } = grant;
    const key = keyOf(grant);
    const view = new LiveView(subjectOf(grant), limits);
    this.#views.set(key, view);
    audit({ actor, kind: "live_view_started", subject: account, before: null, after: null });
    void view.over.then(({ reason, account: subject, state }) => {
      this.#views.delete(key);
      const after = { reason, state };
      audit({ actor, kind: "live_view_ended", subject: subject ?? NEW_ACCOUNT, before: null, after });
    });
    return view;
  }
}

/** Who asks for the same joins the view that is open. Sign-ins are apart: each session has its own. */
function keyOf({ account, newId, site, actor, session }: Grant): string {
  return JSON.stringify(account === undefined ? [session?.id ?? actor, newId ?? null, site ?? null] : [account]);
}
