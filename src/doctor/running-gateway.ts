import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Config } from "../config/config.ts";

const ANSWER_LIMIT_MS = 5_000;

/** An account as the gateway that runs sees it. */
export interface RunningAccount {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
}

const answer = z.object({ data: z.array(z.object({ id: z.string(), state: z.string(), reason: z.string() })) });

/** Asks the gateway that holds this STATE_DIR. Undefined when it is not where HOST and PORT say, or does not take the key. */
export async function askRunningGateway(
  config: Pick<Config, "host" | "port" | "adminKey" | "stateDir">,
): Promise<readonly RunningAccount[] | undefined> {
  try {
    const key = config.adminKey ?? (await readFile(join(config.stateDir, "admin-key"), "utf8")).trim();
    const host = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[config.host] ?? config.host;
    const response = await fetch(`http://${host}:${config.port}/admin/api/accounts`, {
      headers: { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    return answer.parse(await response.json()).data;
  } catch {
    return undefined;
  }
}
