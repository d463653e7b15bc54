import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Config } from "../config/config.ts";
import { GatewayError } from "../errors.ts";
import type { Report } from "./report.ts";

const ANSWER_LIMIT_MS = 5_000;

/** States in which an account waits for a person. */
const NEEDS_PERSON: ReadonlySet<string> = new Set(["expired", "needs_attention"]);

type Address = Pick<Config, "server" | "keys" | "store">;

/** An account as the running gateway reports it. */
interface RunningAccount {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
}

const answer = z.object({ data: z.array(z.object({ id: z.string(), state: z.string(), reason: z.string() })) });

/** Reports what the running gateway says of its accounts. It alone uses their tokens: a token may be valid only once. */
export async function checkRunningAccounts(address: Address, report: Report): Promise<void> {
  const accounts = await askRunningGateway(address);
  const place = address.store.databaseUrl === undefined ? "STATE_DIR" : "DATABASE_URL";
  if (!accounts) {
    report.note(
      `a gateway runs with this ${place}, so no account is tried; its /admin/api/accounts shows the state of each`,
    );
    return;
  }
  report.note(`a gateway runs with this ${place}: it was asked in place of the site`);
  for (const { id, state, reason } of accounts) {
    await report.check(`account ${id}`, () => {
      if (NEEDS_PERSON.has(state)) throw new GatewayError("account_signed_out", `${state}: ${reason}`);
      return `${state}: ${reason}`;
    });
  }
}

/** Asks the gateway that holds this STATE_DIR. Undefined when HOST and PORT are not its address, or it refuses the key. */
async function askRunningGateway({
  server: { host, port },
  keys: { admin },
  store: { stateDir },
}: Address): Promise<readonly RunningAccount[] | undefined> {
  try {
    const key = admin ?? (await readFile(join(stateDir, "admin-key"), "utf8")).trim();
    const name = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[host] ?? host;
    const response = await fetch(`http://${name}:${port}/admin/api/accounts`, {
      headers: { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    return answer.parse(await response.json()).data;
  } catch {
    return undefined;
  }
}
