import { expect, test } from "vitest";
import type { Session } from "../../src/browser/session.ts";
import { AccountEvents } from "../../src/pool/account-event.ts";
import { Account } from "../../src/pool/account.ts";
import { IdleSessions } from "../../src/pool/idle-sessions.ts";
import { RateLimiter } from "../../src/pool/rate-limiter.ts";

function sleeping(id: string): Account {
  const session = { isOpen: false, authCookies: {} } as unknown as Session;
  const rateLimiter = new RateLimiter(undefined);
  return new Account({ id, site: "site", session, rateLimiter, events: new AccountEvents() });
}

test("accounts that come and go together leave the others in their order", async () => {
  const idle = new IdleSessions();
  const accounts = ["a", "b", "c", "d", "e"].map(sleeping);
  await idle.add(accounts);
  for (const account of accounts) await idle.put(account);
  const gone = accounts.filter(({ id }) => id === "b" || id === "d");
  for (const account of gone) account.retire();
  for (const account of gone) await idle.remove(account);
  await idle.add([sleeping("f")]);
  const left: (string | undefined)[] = [];
  while (idle.asleep > 0) left.push((await idle.takeAsleep())?.id);
  expect(left).toEqual(["a", "c", "e"]);
});
