import { z } from "zod";
import type { PastedCookie, PastedStorage, RawPaste } from "./paste.ts";

/** EditThisCookie, Cookie-Editor and Puppeteer name the same facts differently. */
const exportedCookie = z.object({
  name: z.string(),
  value: z.coerce.string(),
  domain: z.string().optional().catch(undefined),
  path: z.string().optional().catch(undefined),
  expires: z.number().optional().catch(undefined),
  expirationDate: z.number().optional().catch(undefined),
  hostOnly: z.boolean().optional().catch(undefined),
  httpOnly: z.boolean().optional().catch(undefined),
  secure: z.boolean().optional().catch(undefined),
  sameSite: z.string().optional().catch(undefined),
  partitionKey: z
    .union([z.string(), z.object({ topLevelSite: z.string() }).transform(({ topLevelSite }) => topLevelSite)])
    .optional()
    .catch(undefined),
});

const storage = z.array(
  z.object({
    origin: z.string(),
    localStorage: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  }),
);

const SAME_SITE: Readonly<Record<string, PastedCookie["sameSite"]>> = {
  strict: "Strict",
  lax: "Lax",
  none: "None",
  no_restriction: "None",
};

/** Whether it is a list of cookies, as exports are, and not a list of accounts. */
export function isCookieExport(value: unknown): value is readonly unknown[] {
  return exportedIn(value) !== undefined;
}

function exportedIn(value: unknown): readonly z.infer<typeof exportedCookie>[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const items: z.infer<typeof exportedCookie>[] = [];
  for (const item of value) {
    const read = exportedCookie.safeParse(item);
    if (!read.success) return undefined;
    items.push(read.data);
  }
  return items;
}

/** The cookies in parsed JSON; a text when the JSON only wraps another form; undefined for unknown JSON. */
export function readCookieJson(value: object): RawPaste | string | undefined {
  const exported = exportedIn(value);
  if (exported) return { cookies: exported.map(toCookie) };
  if (Array.isArray(value)) return value.length === 1 && typeof value[0] === "string" ? value[0] : undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const inner = fields["cookies"] ?? fields["cookie"] ?? fields["Request Cookies"];
  if (typeof inner === "string") return inner;
  if (inner !== undefined && (typeof inner !== "object" || inner === null)) return undefined;
  const found = inner === undefined ? mapped(fields) : readCookieJson(inner);
  if (found === undefined || typeof found === "string") return found;
  const origins = storage.safeParse(fields["origins"]);
  return { ...found, storage: origins.success ? (origins.data satisfies readonly PastedStorage[]) : [] };
}

/** Firefox copies an object of names and values. */
function mapped(fields: Readonly<Record<string, unknown>>): RawPaste | undefined {
  const pairs = Object.entries(fields);
  if (pairs.length === 0 || !pairs.every(([, value]) => typeof value === "string")) return undefined;
  return { cookies: pairs.map(([name, value]) => ({ name, value: String(value) })) };
}

function toCookie(item: z.infer<typeof exportedCookie>): PastedCookie {
  const { name, value, domain, path, hostOnly, httpOnly, secure, partitionKey } = item;
  const expires = item.expires ?? item.expirationDate ?? -1;
  const sameSite = SAME_SITE[item.sameSite?.toLowerCase() ?? ""];
  const bare = domain?.replace(/^\./, "");
  return {
    name,
    value,
    ...(domain === undefined ? {} : { domain: hostOnly === false ? `.${bare}` : hostOnly ? `${bare}` : domain }),
    ...(path === undefined ? {} : { path }),
    ...(expires > 0 ? { expires } : {}),
    ...(httpOnly === undefined ? {} : { httpOnly }),
    ...(secure === undefined ? {} : { secure }),
    ...(sameSite === undefined ? {} : { sameSite }),
    ...(partitionKey === undefined ? {} : { partitionKey }),
  };
}
