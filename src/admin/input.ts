import type { Request, RequestHandler } from "express";
import type { z } from "zod";
import { checked } from "../dialects/parameters.ts";
import { parseBody, readBody } from "../http/body.ts";

const SHORT_BODY_BYTES = 64 * 1024;
/** A credential of 1 MiB, in JSON, with room for its escapes. */
const CREDENTIAL_BODY_BYTES = 8 * 1024 * 1024;

/** Reads the body of a route whose parameters are short. */
export function readShortBody(): RequestHandler[] {
  return readBody({ maxBodyBytes: SHORT_BODY_BYTES }, () => 1);
}

/** Reads the body of a route that takes a credential. */
export function readCredentialBody(): RequestHandler[] {
  return readBody({ maxBodyBytes: CREDENTIAL_BODY_BYTES }, () => 1);
}

/** The body as the schema reads it. @throws GatewayError that names the first wrong or unknown parameter. */
export function bodyOf<T extends object>(request: Request, schema: z.ZodType<T>): T {
  return checked(parseBody(request).value, schema).wanted;
}

/** The query as the schema reads it. @throws GatewayError that names the first wrong or unknown parameter. */
export function queryOf<T extends object>(request: Request, schema: z.ZodType<T>): T {
  return checked(request.query, schema).wanted;
}
