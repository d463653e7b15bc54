import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import type { ApiKeys, KeyIdentity } from "./api-keys.ts";
import type { KeyBrake } from "./key-brake.ts";
import { requestContextOf } from "./request-context.ts";

/** Admits requests that show one of the keys. Answers never repeat a key. */
export function requireKey(keys: ApiKeys, brake: KeyBrake): RequestHandler {
  return async (request, response, next): Promise<void> => {
    const secrets = secretsIn(request.headers);
    const key = await firstKnown(keys, secrets);
    if (key) {
      requestContextOf(response).acceptedKey = key;
      next();
      return;
    }
    if (secrets.length > 0) await brake.count(request);
    response.setHeader("www-authenticate", "Bearer");
    throw new GatewayError("invalid_api_key", secrets.length === 0 ? NO_KEY : WRONG_KEY);
  };
}

const NO_KEY =
  "You didn't provide an API key. Provide it in an Authorization header: 'Authorization: Bearer YOUR_KEY'.";
const WRONG_KEY =
  "Incorrect API key provided. The API takes API_MASTER_KEY and API_KEYS, /admin takes ADMIN_KEY, /metrics takes ADMIN_KEY and METRICS_KEY.";

/** Reads OpenAI's header, Azure's and Anthropic's: some clients send two of them at once. */
export function secretsIn(headers: IncomingHttpHeaders): string[] {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1];
  return [bearer, headers["api-key"], headers["x-api-key"]].flat().filter((key): key is string => Boolean(key));
}

async function firstKnown(keys: ApiKeys, secrets: readonly string[]): Promise<KeyIdentity | undefined> {
  for (const secret of secrets) {
    const key = await keys.find(secret);
    if (key) return key;
  }
  return undefined;
}
