import type { Request, RequestHandler, Response } from "express";
import { z } from "zod";
import { GatewayError } from "../errors.ts";
import type { KeyLimits } from "../http/api-keys.ts";
import { requestContextOf } from "../http/request-context.ts";
import { sendJson } from "../http/respond.ts";
import type { KeyWishes } from "../keys/stored-keys.ts";
import type { Audit } from "./audit.ts";
import { bodyOf, queryOf } from "./input.ts";
import { keyLimits, rowsOf, storedRow, type KeyRow, type KeySources } from "./key-row.ts";
import { listQuery, pageOf, unixMs } from "./list.ts";

const MAX_MODELS = 100;
const name = z
  .string()
  .trim()
  .min(1)
  .regex(/^[^\p{C}]{1,64}$/u, { error: "a name of 1 to 64 visible characters" });
const models = z.array(z.string().min(1).max(256)).min(1).max(MAX_MODELS).nullable().optional();
const expiresAt = unixMs.nullable().optional();

export const newKeyBody = z.strictObject({ name, limits: keyLimits.optional(), models, expiresAt });
export const changedKeyBody = z.strictObject({
  name: name.optional(),
  limits: keyLimits.optional(),
  models,
  expiresAt,
});

export interface KeyParts extends KeySources {
  readonly audit: Audit;
}

export interface KeyHandlers {
  /** `GET /admin/api/keys` */
  readonly list: RequestHandler;
  /** `GET /admin/api/keys/{id}` */
  readonly show: RequestHandler;
  /** `POST /admin/api/keys` */
  readonly create: RequestHandler;
  /** `PATCH /admin/api/keys/{id}` */
  readonly change: RequestHandler;
  /** `POST /admin/api/keys/{id}/rotate` */
  readonly rotate: RequestHandler;
  /** `DELETE /admin/api/keys/{id}` */
  readonly revoke: RequestHandler;
}

/** Lists, makes and changes the keys of callers. A change holds for the next request with the key. */
export function keyHandlers(parts: KeyParts): KeyHandlers {
  const { storedKeys } = parts;
  const record = (response: Response, kind: string, before: KeyRow | null, after: KeyRow | null): void => {
    const subject = (after ?? before)?.name ?? "";
    parts.audit({ actor: requestContextOf(response).actor, kind, subject, before, after });
  };
  return {
    list: async (request, response) => {
      const query = queryOf(request, listQuery);
      sendJson(
        response,
        200,
        pageOf(await rowsOf(parts), query, (row) => `${row.name}\0${row.id}`),
      );
    },
    show: async (request, response) => sendJson(response, 200, await rowFor(request, parts)),
    create: async (request, response) => {
      const made = await storedKeys.create({
        limits: {},
        models: undefined,
        expiresAt: undefined,
        ...wishesOf(request),
      });
      const row = await storedRow(made.key, parts);
      record(response, "key_created", null, row);
      sendJson(response, 201, { ...row, key: made.secret });
    },
    change: async (request, response) => {
      const before = await editable(request, parts);
      const row = await storedRow(await storedKeys.change(before.id, changesOf(request)), parts);
      record(response, "key_changed", before, row);
      sendJson(response, 200, row);
    },
    rotate: async (request, response) => {
      const before = await editable(request, parts);
      const { key, secret } = await storedKeys.rotate(before.id);
      const row = await storedRow(key, parts);
      record(response, "key_rotated", before, row);
      sendJson(response, 200, { ...row, key: secret });
    },
    revoke: async (request, response) => {
      const before = await editable(request, parts);
      await storedKeys.revoke(before.id);
      record(response, "key_revoked", before, null);
      sendJson(response, 200, before);
    },
  };
}

async function rowFor({ params }: Request, sources: KeySources): Promise<KeyRow> {
  const id = String(params["id"]);
  const row = (await rowsOf(sources)).find((one) => one.id === id);
  if (row) return row;
  throw new GatewayError("key_not_found", `There is no API key with the id '${id.slice(0, 64)}'.`);
}

async function editable(request: Request, sources: KeySources): Promise<KeyRow> {
  const row = await rowFor(request, sources);
  if (row.source === "console") return row;
  const setting = row.name === "master" ? "API_MASTER_KEY" : "API_KEYS";
  throw new GatewayError("key_not_editable", `The key '${row.name}' comes from ${setting}. Change it there.`);
}

function wishesOf(request: Request): Pick<KeyWishes, "name"> & Partial<KeyWishes> {
  const { name: wanted, ...rest } = bodyOf(request, newKeyBody);
  return { name: wanted, ...optional(rest) };
}

function changesOf(request: Request): Partial<KeyWishes> {
  const { name: wanted, ...rest } = bodyOf(request, changedKeyBody);
  return { ...(wanted !== undefined && { name: wanted }), ...optional(rest) };
}

/** Null takes a limit away; a parameter that is absent changes nothing. */
function optional(body: Omit<z.infer<typeof changedKeyBody>, "name">): Partial<KeyWishes> {
  if (typeof body.expiresAt === "number" && body.expiresAt <= Date.now()) {
    throw new GatewayError("invalid_value", "Invalid 'expiresAt': expected a time to come.", { param: "expiresAt" });
  }
  return {
    ...(body.limits !== undefined && { limits: body.limits as KeyLimits }),
    ...(body.models !== undefined && { models: body.models ?? undefined }),
    ...(body.expiresAt !== undefined && { expiresAt: body.expiresAt ?? undefined }),
  };
}
