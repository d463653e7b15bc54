import { expect, test } from "vitest";
import type { Session } from "../../src/browser/session.ts";
import { AccountEvents } from "../../src/pool/account-event.ts";
import { Account } from "../../src/pool/account.ts";
import { Dispatcher, type DispatcherParts } from "../../src/pool/dispatcher.ts";
import { IdleSessions } from "../../src/pool/idle-sessions.ts";
import { RateLimiter } from "../../src/pool/rate-limiter.ts";
import { RequestQueue } from "../../src/pool/request-queue.ts";

test("a page that is slow to open at one site keeps no request of another site waiting", async () => {
  const idle = new IdleSessions();
  const queue = new RequestQueue<Account>({ limit: 10 });
  const opening: string[] = [];
  const open = (account: Account): Promise<boolean> => {
    opening.push(account.id);
    return new Promise(() => {});
  };
  const stopping = new AbortController();
  const dispatcher = new Dispatcher({
    accounts: new Map(),
    queue,
    idle,
    pages: { open, changed: () => {} },
    signal: stopping.signal,
  } as unknown as DispatcherParts);
  for (const site of ["first", "second"]) {
    const session = { isOpen: false, authCookies: {} } as unknown as Session;
    const rateLimiter = new RateLimiter(undefined);
    const account = new Account({ id: `of ${site}`, site, session, rateLimiter, events: new AccountEvents() });
    await idle.add([account]);
    await idle.put(account);
  }
  const ask = async (site: string): Promise<void> => {
    const entry = {
      accepts: (account: Account) => account.site === site,
      limitMs: 60_000,
      retryAfterMs: () => 0,
      availableNow: () => 0,
      caller: { keyId: "one", isBackground: false },
    };
    queue.wait(entry, stopping.signal).catch(() => {});
    await dispatcher.dispatch();
  };
  await ask("first");
  expect(opening).toEqual(["of first"]);
  await ask("second");
  expect(opening).toEqual(["of first", "of second"]);
  stopping.abort();
});
