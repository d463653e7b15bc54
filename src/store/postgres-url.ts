/** Where a database is, without user, password and options. */
export function placeOf(databaseUrl: string): string {
  const [, where = ""] = /^\w+:\/\/(?:[^/?#]*@)?([^?#]*)/.exec(databaseUrl) ?? [];
  return `postgres://${where}`;
}

/** What of it must not be shown: its password, as it is written and as it is meant. */
export function secretsOfDatabaseUrl(databaseUrl: string): readonly string[] {
  const [, written = ""] = /^\w+:\/\/[^:/?#@]*:([^/?#]*)@/.exec(databaseUrl) ?? [];
  const inQuery = new URLSearchParams(databaseUrl.split("?", 2)[1]).get("password") ?? "";
  return [written, decoded(written), inQuery].filter((secret) => secret !== "");
}

/**
 * `pg` verifies the server's certificate for each of these modes, and warns at length that a later version will not.
 * https://www.postgresql.org/docs/current/libpq-ssl.html
 */
export function withSafeTls(databaseUrl: string): string {
  if (/[?&]uselibpqcompat=true(&|$)/.test(databaseUrl)) return databaseUrl;
  return databaseUrl.replace(/([?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/, "$1verify-full");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
