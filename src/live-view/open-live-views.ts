import type { AccountControl } from "../accounts/account-control.ts";
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
import { LiveViews, type Grant } from "./live-views.ts";
import { SignInSubject } from "./sign-in-subject.ts";
import type { Subject } from "./subject.ts";
import { VIEWER_LIMITS } from "./wire.ts";

export interface LiveViewAccess {
  readonly operator: OperatorAccess;
  /** The names under which the WebSocket is served, besides this machine's own. */
  readonly allowedHosts: readonly string[];
}

export interface OpenLiveViewsParts extends LiveViewAccess {
  readonly pool: SessionPool;
  readonly browsers: BrowserFleet;
  readonly accounts: Pick<AccountControl, "add">;
  /** Where new accounts sign in, and how their pages are opened. */
  readonly sites: Pick<Sites, "named">;
  readonly session: Omit<SessionOptions, "site">;
  readonly audit: Audit;
}

/** The live views of the pool's accounts and of new ones, and the WebSocket that shows them. */
export function openLiveViews(parts: OpenLiveViewsParts): LiveViews & { readonly upgrade: Upgrade } {
  const { pool, sites, audit } = parts;
  const views = new LiveViews({
    hasAccount: (id) => pool.states.some((one) => one.id === id),
    assertSite: (name) => void sites.named(name),
    subjectOf: (grant) =>
      grant.account === undefined ? newAccount(grant, parts) : new AccountSubject(grant.account, pool),
    audit,
  });
  return Object.assign(views, { upgrade: serveLiveViews(views, parts) });
}

/** `GET /admin/api/live-view?ticket=…` */
export function serveLiveViews(views: LiveViews, { operator, allowedHosts }: LiveViewAccess): Upgrade {
  const route: WebSocketRoute<Grant> = {
    path: "/admin/api/live-view",
    maxMessageBytes: VIEWER_LIMITS.messageBytes,
    admit(query, headers) {
      const grant = views.redeem(query.get("ticket") ?? "");
      const isOwn = ({ id }: { readonly id: string }): boolean =>
        sessionSecrets(headers).some((secret) => operator.sessions.isSecretOf(id, secret));
      if (grant && (!grant.session || isOwn(grant.session))) return grant;
      const message = "The ticket is unknown, already used, older than 60 seconds, or of another session.";
      throw new GatewayError("ticket_invalid", message);
    },
    connect: (socket, grant) => views.connect(socket, grant),
  };
  return webSocketUpgrade(route, allowedHosts);
}

function newAccount(
  { newId, site, actor }: Grant,
  { browsers, accounts, sites, session, audit }: OpenLiveViewsParts,
): Subject {
  const addAccount = async (credential: string): Promise<string> => {
    const { row } = await accounts.add({ id: newId, credential, proxy: undefined, site });
    const { id, source } = row;
    audit({ actor, kind: "account_added", subject: id, before: null, after: { id, source } });
    return id;
  };
  return new SignInSubject({ browsers, session: { ...session, site: sites.named(site) }, addAccount });
}
