import type { IncomingHttpHeaders } from "node:http";
import type { AccountDirectory } from "../admin/account-directory.ts";
import type { Audit } from "../admin/audit.ts";
import type { BrowserFleet } from "../browser/browser-fleet.ts";
import type { SessionOptions } from "../browser/page-opener.ts";
import { GatewayError } from "../errors.ts";
import type { OperatorAccess } from "../http/operator.ts";
import type { Upgrade } from "../http/server.ts";
import { sessionSecrets } from "../http/session-cookie.ts";
import { webSocketUpgrade, type WebSocketRoute } from "../http/web-socket.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import type { Sites } from "../sites/catalog.ts";
import { AccountSubject } from "./account-subject.ts";
import type { Elsewhere, ToldGrant } from "./elsewhere.ts";
import { LiveViews, type Grant } from "./live-views.ts";
import { RelayedViewers } from "./relayed-viewers.ts";
import { SignInSubject } from "./sign-in-subject.ts";
import type { Subject } from "./subject.ts";
import type { Ticket } from "./tickets.ts";
import { VIEWER_LIMITS } from "./wire.ts";

export interface LiveViewAccess {
  readonly operator: OperatorAccess;
  /** The names under which the WebSocket is served, besides this machine's own. */
  readonly allowedHosts: readonly string[];
  /** The live views of other replicas; undefined where there are none. */
  readonly elsewhere?: Elsewhere | undefined;
}

export interface OpenLiveViewsParts extends LiveViewAccess {
  readonly pool: SessionPool;
  readonly browsers: BrowserFleet;
  readonly accounts: Pick<AccountDirectory, "add">;
  /** Where new accounts sign in, and how their pages are opened. */
  readonly sites: Pick<Sites, "named">;
  readonly session: Omit<SessionOptions, "site">;
  readonly audit: Audit;
}

export interface OpenLiveViews extends AsyncDisposable {
  readonly upgrade: Upgrade;
  /** Of other replicas' browsers. */
  readonly relayed: RelayedViewers;
  /** @throws GatewayError `account_not_found`, `overloaded`, `replica_unavailable` */
  ticketFor(grant: Grant): Promise<Ticket>;
}

/** The live views of the accounts and of new ones, and the WebSocket that shows them. */
export function openLiveViews(parts: OpenLiveViewsParts): OpenLiveViews {
  const { pool, sites, audit, elsewhere } = parts;
  const views = new LiveViews({
    // The replica that has it is asked.
    hasAccount: (id) => elsewhere !== undefined || pool.states.some((one) => one.id === id),
    assertSite: (name) => void sites.named(name),
    subjectOf: (grant) =>
      grant.account === undefined ? newAccount(grant, parts) : new AccountSubject(grant.account, pool),
    audit,
  });
  return {
    upgrade: serveLiveViews(views, parts),
    relayed: new RelayedViewers(views),
    ticketFor: ticketFrom(views, elsewhere),
    [Symbol.asyncDispose]: () => views[Symbol.asyncDispose](),
  };
}

/** Issues tickets that each replica takes. */
export function ticketFrom(
  views: Pick<LiveViews, "ticketFor">,
  elsewhere: Elsewhere | undefined,
): OpenLiveViews["ticketFor"] {
  return async (grant) => {
    await elsewhere?.placeOf(grant.account);
    const { ticket, expiresAt } = views.ticketFor(grant);
    return { ticket: elsewhere ? `${elsewhere.ownId}.${ticket}` : ticket, expiresAt };
  };
}

/** What a ticket grants, and the replica whose view it is; undefined for this one. */
interface PlacedGrant extends Grant {
  readonly place?: string | undefined;
}

/** `GET /admin/api/live-view?ticket=…` */
export function serveLiveViews(views: LiveViews, access: LiveViewAccess): Upgrade {
  const { operator, allowedHosts, elsewhere } = access;
  const route: WebSocketRoute<PlacedGrant> = {
    path: "/admin/api/live-view",
    maxMessageBytes: VIEWER_LIMITS.messageBytes,
    async admit(query, headers) {
      const told = await grantOf(views, query.get("ticket") ?? "", elsewhere);
      const grant = told && (await inSession(told, headers, operator));
      if (!grant) {
        const message = "The ticket is unknown, already used, older than 60 seconds, or of another session.";
        throw new GatewayError("ticket_invalid", message);
      }
      return { ...grant, place: await elsewhere?.placeOf(grant.account) };
    },
    relay(request, socket, head, { place, session, ...grant }) {
      if (place === undefined) return false;
      elsewhere?.relay(place, { ...grant, session: session?.id }, { request, socket, head }, session?.ended);
      return true;
    },
    connect: (socket, grant) => views.connect(socket, grant),
  };
  return webSocketUpgrade(route, allowedHosts);
}

/** The ticket names the replica that issued it, since the WebSocket may come to another one. */
async function grantOf(
  views: LiveViews,
  ticket: string,
  elsewhere: Elsewhere | undefined,
): Promise<ToldGrant | null | undefined> {
  const dot = ticket.lastIndexOf(".");
  const [replicaId, secret] = [ticket.slice(0, dot), ticket.slice(dot + 1)];
  if (elsewhere && dot > 0 && replicaId !== elsewhere.ownId) return elsewhere.redeem(replicaId, secret);
  const grant = views.redeem(elsewhere ? secret : ticket);
  return grant && { ...grant, session: grant.session?.id };
}

/** The grant with the session of the browser that shows the ticket; undefined for a ticket of another session. */
async function inSession(
  { session: id, ...grant }: ToldGrant,
  headers: IncomingHttpHeaders,
  { sessions }: OperatorAccess,
): Promise<Grant | undefined> {
  if (id === undefined) return grant;
  const found = await Promise.all(sessionSecrets(headers).map((secret) => sessions.find(secret)));
  const session = found.find((one) => one?.id === id);
  return session && { ...grant, session };
}

function newAccount(
  { newId, site, actor }: Grant,
  { browsers, accounts, sites, session, audit }: OpenLiveViewsParts,
): Subject {
  const addAccount = async (credential: string): Promise<string> => {
    const { account } = await accounts.add({ id: newId, credential, proxy: undefined, site });
    const { id, source } = account;
    audit({ actor, kind: "account_added", subject: id, before: null, after: { id, source } });
    return id;
  };
  return new SignInSubject({ browsers, session: { ...session, site: sites.named(site) }, addAccount });
}
