import { signInKey } from "../../src/credentials/account-identity.ts";
import type { Simulator } from "../../src/simulator/simulator.ts";
import { Sites } from "../../src/sites/catalog.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { openStore } from "../../src/store/store.ts";
import type { Evidence } from "./invariants.ts";

/** Whose session tokens are meant, and where a gateway that has ended keeps them. */
export interface Keeping {
  readonly simulator: Simulator;
  readonly stateDir: string;
  /** Cookie headers by account name. */
  readonly cookies: ReadonlyMap<string, string>;
}

/** Whether the tokens that hold at the site are those that a restart would begin with, by account. */
export async function storedTokens({ simulator, stateDir, cookies }: Keeping): Promise<Evidence["stored"]> {
  await using store = await openStore({ stateDir, secretKey: undefined });
  const accounts = [...cookies].map(async ([id, cookie]) => {
    const current = simulator.accounts.currentToken(id);
    const known =
      (
        await store.accounts.load({
          id,
          cookie,
          signInKey: signInKey({ cookie }, new Sites([gptomni(new URL(simulator.origin))])),
        })
      )?.cookies ?? cookie;
    return { id, isNewest: current === undefined || known.includes(current) };
  });
  return await Promise.all(accounts);
}

/** A Cookie header's secret, which no log line or answer may hold. */
export function tokenOf(cookie: string): string {
  return /session-token=([^;]+)/.exec(cookie)?.[1] ?? cookie;
}
