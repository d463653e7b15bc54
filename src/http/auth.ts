import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import { requestContextOf } from "./request-context.ts";
import type { KeyBrake } from "./key-brake.ts";

export interface NamedKey {
  /** Tells its holder's requests from others', in the log as well. */
  readonly name: string;
  readonly value: string;
}

/**
 * Lets holders of a key through, as that key's keyId. Keys are compared by digest in constant time, and never repeated
 * in an answer.
 */
export function requireKey(keys: readonly NamedKey[], brake: KeyBrake): RequestHandler {
  const known = keys.map(({ name, value }) => ({ name, digest: digest(value) }));
  return async (request, response, next) => {
    const offered = keysIn(request.headers);
    const digests = offered.map(digest);
    const match = known.find((one) => digests.some((other) => timingSafeEqual(one.digest, other)));
    if (match) {
      requestContextOf(response).keyId = match.name;
      next();
      return;
    }
    if (offered.length > 0) await brake.count(request);
    response.setHeader("www-authenticate", "Bearer");
    throw new GatewayError("invalid_api_key", offered.length === 0 ? NO_KEY : WRONG_KEY);
  };
}

const NO_KEY =
  "You didn't provide an API key. Provide it in an Authorization header: 'Authorization: Bearer YOUR_KEY'.";
const WRONG_KEY =
  "Incorrect API key provided. The API takes API_MASTER_KEY and API_KEYS, /admin takes ADMIN_KEY, /metrics takes ADMIN_KEY and METRICS_KEY.";

/** OpenAI's header, Azure's and Anthropic's: some clients send two of them at once. */
function keysIn(headers: IncomingHttpHeaders): string[] {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1];
  return [bearer, headers["api-key"], headers["x-api-key"]].flat().filter((key): key is string => Boolean(key));
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
