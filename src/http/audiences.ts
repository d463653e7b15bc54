import type { RequestHandler } from "express";
import helmet from "helmet";
import { CombinedKeys, ConfiguredKeys, type ApiKeys } from "./api-keys.ts";
import { requireKey } from "./auth.ts";
import { requireKnownHost } from "./host-check.ts";
import { refuseOtherPages, requireOperator, type OperatorAccess } from "./operator.ts";
import type { Audience } from "./route.ts";

export interface AccessParts {
  /** Callers need one of these. Each key has full access; stored responses are visible to the key that made them. */
  readonly apiKeys: ApiKeys;
  /** Opens the operator's routes and nothing else. */
  readonly operator: OperatorAccess;
  /** Opens the metrics and nothing else. */
  readonly metricsKey: string | undefined;
  /** The names under which the operator's routes and the description are served, besides this machine's own. */
  readonly allowedHosts: readonly string[];
}

/**
 * These routes have one exact path and no CORS headers. The API and the probes are found with or without `/v1`, in any
 * case, and from each web page that CORS_ORIGINS allows.
 */
export const EXACT_AUDIENCES = ["docs", "metrics", "sign-in", "admin"] as const satisfies readonly Audience[];
export const CALLER_AUDIENCES = ["public", "api"] as const satisfies readonly Audience[];

/** What a request passes before the handlers of a route. */
export function guardsOf(parts: AccessParts): Readonly<Record<Audience, readonly RequestHandler[]>> {
  const { keys, brake } = parts.operator;
  const metrics = parts.metricsKey === undefined ? [] : [{ name: "metrics", value: parts.metricsKey }];
  const exact = [requireKnownHost(parts.allowedHosts), securityHeaders()];
  return {
    public: [],
    api: [requireKey(parts.apiKeys, brake)],
    docs: exact,
    metrics: [...exact, requireKey(new CombinedKeys([keys, new ConfiguredKeys(metrics)]), brake)],
    "sign-in": [...exact, refuseOtherPages],
    admin: [...exact, requireOperator(parts.operator)],
  };
}

/** A page of the gateway runs its own scripts only and reaches nobody but the gateway: a key is typed there. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
      },
    },
    // Only the proxy that ends TLS knows whether every name of its host has a certificate.
    strictTransportSecurity: false,
  });
}
