import type { Request, RequestHandler } from "express";
import { z } from "zod";
import { PAGE, SCREENSHOT } from "../accounts/failure-bundles.ts";
import { GatewayError } from "../errors.ts";
import { sendJson, setResponseHeaders } from "../http/respond.ts";
import type { Route } from "../http/route.ts";
import { unixMs } from "./list.ts";
import type { Looks } from "./looks.ts";

const state = z.object({ at: unixMs, before: z.string(), after: z.string(), reason: z.string() });

const bundleSchema = z
  .object({
    requestId: z.string(),
    at: unixMs,
    account: z.object({ id: z.string(), state: z.string(), reason: z.string(), since: unixMs }),
    error: z.object({ code: z.string(), message: z.string() }),
    address: z.string().nullable().meta({ description: "Where the page was, without query; null: there was no page." }),
    title: z.string().nullable(),
    timings: z.object({
      attempt: z.int(),
      queuedMs: z.int(),
      leaseMs: z.int().nullable().meta({ description: "Until the prompt was at the site; null: it never was." }),
      elapsedMs: z.int().meta({ description: "From the lease to the failure." }),
    }),
    states: z.array(state).meta({ description: "The account's last changes of state, newest first." }),
    console: z.array(z.object({ at: unixMs, type: z.string(), text: z.string() })),
    isHtmlCut: z.boolean(),
    missing: z.array(z.string()).meta({ description: "What could not be seen, and why." }),
    files: z.array(z.string()).meta({ description: "Which of `screenshot.jpg` and `page.html` there are." }),
  })
  .meta({ id: "FailureBundle" });

export interface BundleParts {
  readonly looks: Pick<Looks, "bundles">;
}

/** What the browser showed when a request failed. */
export function bundleRoutes(parts: BundleParts): Route[] {
  const path = "/admin/api/requests/:id/bundle" as const;
  const errors = ["bundle_not_found"] as const;
  const route = (name: string, operation: Omit<Route["operation"], "tag">, handler: RequestHandler): Route => ({
    method: "GET",
    path: `${path}${name}`,
    audience: "admin",
    operation: { tag: "Gateway", errors, ...operation },
    handlers: [handler],
  });
  const shot = { summary: "Download the picture of a failed request's page", answerType: "image/jpeg" } as const;
  const page = { summary: "Download the HTML of a failed request's page, as text", answerType: "text/plain" } as const;
  return [
    route("", { summary: "Show what the browser showed when a request failed", answer: bundleSchema }, show(parts)),
    route(`/${SCREENSHOT}`, shot, download(parts, SCREENSHOT, "image/jpeg")),
    // As text: nothing of a hostile page is ever run here.
    route(`/${PAGE}`, page, download(parts, PAGE, "text/plain; charset=utf-8")),
  ];
}

function show({ looks: { bundles } }: BundleParts): RequestHandler {
  return async (request, response) => {
    const bundle = await bundles.find(requestIdOf(request));
    if (!bundle) throw notFound();
    sendJson(response, 200, bundle);
  };
}

function download(
  { looks: { bundles } }: BundleParts,
  file: typeof SCREENSHOT | typeof PAGE,
  type: string,
): RequestHandler {
  return async (request, response) => {
    const id = requestIdOf(request);
    const bytes = await bundles.file(id, file);
    if (!bytes) throw notFound();
    setResponseHeaders(response);
    response.writeHead(200, {
      "content-type": type,
      "content-length": bytes.length,
      "content-disposition": `attachment; filename="${id}-${file}"`,
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    response.end(bytes);
  };
}

/** The id as the gateway makes it: nothing else is a file's name. @throws GatewayError `bundle_not_found` */
function requestIdOf({ params }: Request): string {
  const id = String(params["id"]);
  if (/^req_[\da-f]{32}$/.test(id)) return id;
  throw notFound();
}

function notFound(): GatewayError {
  const message = "There is no bundle of this request: it did not fail in the browser, or its bundle was deleted.";
  return new GatewayError("bundle_not_found", message);
}
