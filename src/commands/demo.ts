import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../config/config.ts";
import type { GatewayKeys } from "../options.ts";
import { Simulator } from "../simulator/simulator.ts";
import { serveUntilStopped } from "./serve.ts";

const DEMO_ACCOUNTS = ["alice", "bob", "carol"];
/** The settings that a demo takes over from the environment. */
const TAKEN_OVER = ["PORT", "HOST", "BROWSER_PATH", "BROWSER_MODE", "LOG_LEVEL", "API_MASTER_KEY", "ADMIN_KEY"];

/** The gateway in front of a simulated chat site: nothing leaves this machine. */
export async function demo(): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-demo-"));
  await using simulator = await Simulator.start();
  const accounts = DEMO_ACCOUNTS.map((id) => ({ id, cookie: simulator.addAccount(id) }));
  const config = loadConfig({
    LOG_LEVEL: "warn",
    ...Object.fromEntries(TAKEN_OVER.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    GPTOMNI_ORIGIN: simulator.origin,
    GPTOMNI_CREDENTIALS: JSON.stringify(accounts),
    BROWSER_ARGS: simulator.browserArgs,
    RATE_LIMIT: "30/60s",
    STATE_DIR: stateDir,
  });
  console.log(`demo: simulated chat site at ${simulator.origin}, accounts ${DEMO_ACCOUNTS.join(", ")}`);
  try {
    await serveUntilStopped(config, (url, keys) => console.log(greetingOf(url, keys)));
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

function greetingOf(url: string, { api, admin }: GatewayKeys): string {
  return `
  Base URL   ${url}/v1
  API key    ${api}
  Admin key  ${admin}
  Console    ${url}/console

  curl -N ${url}/v1/chat/completions -H 'Authorization: Bearer ${api}' -H 'Content-Type: application/json' \\
    -d '{"model":"gptomni","stream":true,"messages":[{"role":"user","content":"Hello!"}]}'

  A message can tell the simulated model what to do: [[call TOOL {"argument":"value"}]] [[say TEXT]].

  curl ${url}/admin/api/accounts -H 'Authorization: Bearer ${admin}'

  Ctrl-C ends it.
`;
}
