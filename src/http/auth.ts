import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";
import { GatewayError } from "../errors.ts";

/** Lets holders of the key through. Keys are compared by digest in constant time, and never repeated in an answer. */
export function requireKey(apiKey: string): RequestHandler {
  const expected = digest(apiKey);
  return (request, response, next) => {
    const offered = keysIn(request.headers);
    if (offered.some((key) => timingSafeEqual(digest(key), expected))) {
      next();
      return;
    }
    response.setHeader("www-authenticate", "Bearer");
    throw new GatewayError("invalid_api_key", offered.length === 0 ? NO_KEY : WRONG_KEY);
  };
}

const NO_KEY =
  "You didn't provide an API key. Provide it in an Authorization header: 'Authorization: Bearer YOUR_KEY'.";
const WRONG_KEY = "Incorrect API key provided. It is the key that this gateway was started with.";

/** OpenAI's header, Azure's and Anthropic's: some clients send two of them at once. */
function keysIn(headers: IncomingHttpHeaders): string[] {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1];
  return [bearer, headers["api-key"], headers["x-api-key"]].flat().filter((key): key is string => Boolean(key));
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
