import type { RequestHandler, Response } from "express";
import { z } from "zod";
import type { ConsoleSession } from "../http/console-session.ts";
import { requestContextOf } from "../http/request-context.ts";
import { sendJson } from "../http/respond.ts";
import type { Route } from "../http/route.ts";
import { accountIdOf } from "./account-changes.ts";
import { bodyOf, readShortBody } from "./input.ts";

const ticketSchema = z
  .object({
    ticket: z.string().meta({
      description: "For `GET /admin/api/live-view?ticket=…`, a WebSocket. It is a secret and opens one connection.",
    }),
    expiresAt: z.int().meta({ description: "Unix time in milliseconds." }),
  })
  .meta({ id: "LiveViewTicket" });

type LiveViewTicket = z.infer<typeof ticketSchema>;

const signInSchema = z.strictObject({
  id: z.string().optional().meta({ description: "The new account's id; made up if there is none." }),
  site: z.string().optional().meta({ description: "Where to sign in; the first site if there is none." }),
});

interface TicketRequest {
  /** Undefined for a new account. */
  readonly account?: string;
  /** The id that a new account is to have. */
  readonly newId?: string | undefined;
  /** The new account's site; the first one if undefined. */
  readonly site?: string | undefined;
  readonly actor: string;
  readonly session: ConsoleSession | undefined;
}

export interface LiveViewParts {
  readonly liveViews: {
    /** @throws GatewayError `account_not_found`, `overloaded`, `replica_unavailable`; `invalid_value` for an unknown site */
    ticketFor(request: TicketRequest): LiveViewTicket | Promise<LiveViewTicket>;
  };
}

/** A ticket opens one connection, for the one who asks for it. Until then nothing happens to the account. */
export function liveViewRoutes({ liveViews }: LiveViewParts): Route[] {
  return [
    {
      method: "POST",
      path: "/admin/api/accounts/:id/live-view",
      audience: "admin",
      operation: {
        tag: "Gateway",
        summary: "Get a ticket to see an account's page and to use it by hand",
        answer: ticketSchema,
        errors: ["account_not_found", "overloaded", "replica_unavailable"],
      },
      handlers: [viewAccount(liveViews)],
    },
    {
      method: "POST",
      path: "/admin/api/live-view/sign-in",
      audience: "admin",
      operation: {
        tag: "Gateway",
        summary: "Get a ticket to add an account by signing in at the site",
        request: signInSchema,
        example: { id: "work" },
        answer: ticketSchema,
        errors: ["invalid_value", "overloaded"],
      },
      handlers: [...readShortBody(), signIn(liveViews)],
    },
  ];
}

/** `POST /admin/api/accounts/{id}/live-view` */
function viewAccount(liveViews: LiveViewParts["liveViews"]): RequestHandler {
  return async (request, response) => {
    sendJson(response, 200, await liveViews.ticketFor({ account: accountIdOf(request), ...askerOf(response) }));
  };
}

/** `POST /admin/api/live-view/sign-in` */
function signIn(liveViews: LiveViewParts["liveViews"]): RequestHandler {
  return async (request, response) => {
    const { id: newId, site } = bodyOf(request, signInSchema);
    sendJson(response, 200, await liveViews.ticketFor({ newId, site, ...askerOf(response) }));
  };
}

function askerOf(response: Response): Pick<TicketRequest, "actor" | "session"> {
  const { actor, session } = requestContextOf(response);
  return { actor, session };
}
