import type { RequestHandler } from "express";
import { z } from "zod";
import type { SettingInForce } from "../config/settings-in-force.ts";
import { sendJson } from "../http/respond.ts";
import { listOf } from "./list.ts";

const setting = z
  .object({
    name: z.string(),
    value: z.string().nullable().meta({ description: "`set` for a secret; null where there is none." }),
    isSecret: z.boolean(),
    source: z
      .enum(["default", "env", "env-file", "secret-file", "generated"])
      .meta({ description: "`generated`: the first start made it and keeps it in STATE_DIR." }),
    unit: z.string(),
    doc: z.string(),
  })
  .meta({ id: "Setting" });

const replica = z.string().optional().meta({ description: "Only with DATABASE_URL: whose settings these are." });

export const settingListSchema = listOf(setting).extend({ replica }).meta({ id: "SettingList" });

/** `GET /admin/api/settings`: the settings of the replica that answers, as they were read at its start. */
export function listSettings(settings: readonly SettingInForce[], replicaId: string | undefined): RequestHandler {
  const whose = replicaId === undefined ? {} : { replica: replicaId };
  return (_request, response) =>
    sendJson(response, 200, { object: "list", data: settings, nextCursor: null, ...whose });
}
