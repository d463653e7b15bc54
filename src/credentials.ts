import { z } from "zod";

/** An account that the operator owns. */
export interface Credential {
  readonly id: string;
  readonly cookie: string;
}

const COOKIE_PAIR = /^[^\s=;,]+=[^;]*$/;

function isCookieHeader(value: string): boolean {
  const pairs = value
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "");
  return pairs.length > 0 && pairs.every((pair) => COOKIE_PAIR.test(pair)) && !/[\r\n\0]/.test(value);
}

const CREDENTIALS_FORM = 'a JSON list of cookie strings or of {"id","cookie"}, or one cookie string';

/** GPTOMNI_CREDENTIALS as a list; an item without an id gets one by its position. */
export const credentials = z.string().transform((value, context): readonly Credential[] => {
  const items = credentialItems(value.trim());
  const list = items?.map((item, index) => toCredential(item, index));
  const problem = list === undefined ? CREDENTIALS_FORM : findProblem(list);
  if (list === undefined || problem !== undefined) {
    context.addIssue(problem ?? CREDENTIALS_FORM);
    return z.NEVER;
  }
  return list.filter((item) => item !== undefined);
});

function credentialItems(value: string): unknown[] | undefined {
  if (value === "") return [];
  // The seed project's .env has the list in a pair of quotes.
  const unquoted = /^'.*'$/s.test(value) ? value.slice(1, -1) : value;
  if (!/^[[{"]/.test(unquoted)) return [unquoted];
  try {
    const parsed: unknown = JSON.parse(unquoted);
    return Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    return undefined;
  }
}

function toCredential(item: unknown, index: number): Credential | undefined {
  const id = `account-${index + 1}`;
  if (typeof item === "string") return isCookieHeader(item) ? { id, cookie: item } : undefined;
  const named = z
    .object({
      id: z
        .string()
        .regex(/^[\w.@-]{1,64}$/)
        .default(id),
      cookie: z.string(),
    })
    .safeParse(item);
  return named.success && isCookieHeader(named.data.cookie) ? named.data : undefined;
}

function findProblem(list: readonly (Credential | undefined)[]): string | undefined {
  const bad = list.flatMap((item, index) => (item === undefined ? [index + 1] : []));
  if (bad.length > 0) return `${CREDENTIALS_FORM}; item ${bad.join(", ")} is not "name=value; name=value"`;
  const ids = list.map((item) => item?.id);
  return new Set(ids).size === ids.length ? undefined : "a different id for each item";
}
