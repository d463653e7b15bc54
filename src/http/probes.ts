import type { RequestHandler } from "express";
import { z } from "zod";
import { sendJson } from "./respond.ts";
import type { Operation, Route } from "./route.ts";

export interface ProbeParts {
  readonly readiness: () => Readiness;
  /** Why the process cannot recover by itself; undefined while it can. */
  readonly giveUpReason: () => string | undefined;
}

interface Readiness {
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reasons: readonly string[];
  /** What needs an operator although requests are answered. */
  readonly warnings?: readonly string[];
}

const status = z
  .object({
    status: z.string(),
    reasons: z.array(z.string()).optional(),
    warnings: z.array(z.string()).optional(),
  })
  .meta({ id: "Status" });

/** For load balancers and container platforms. Nobody needs a key. */
export function probes({ readiness, giveUpReason }: ProbeParts): Route[] {
  const live = () => {
    const reason = giveUpReason();
    if (reason === undefined) return { code: 200, body: { status: "ok" } };
    return { code: 503, body: { status: "failed", reasons: [reason] } };
  };
  const ready = () => {
    const { ready: isReady, reasons, warnings = [] } = readiness();
    return { code: isReady ? 200 : 503, body: { status: isReady ? "ready" : "not ready", reasons, warnings } };
  };
  return [
    probe("/livez", "Say whether the process works", live),
    probe("/healthz", "The same as /livez, by its older name", live),
    probe("/readyz", "Say whether requests can be answered", ready),
  ];
}

function probe(path: Route["path"], summary: string, check: () => { code: number; body: object }): Route {
  const answer: RequestHandler = (_request, response) => {
    const { code, body } = check();
    sendJson(response, code, body);
  };
  const operation: Operation = { tag: "Gateway", summary, answer: status, unavailable: status };
  return { method: "GET", path, audience: "public", operation, handlers: [answer] };
}
