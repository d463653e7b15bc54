import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Simulator } from "../../src/simulator/simulator.ts";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { GatewayProcess } from "../faults/gateway-process.ts";
import { textsIn } from "../faults/memory-of.ts";
import type { ProcessEntry } from "../faults/processes.ts";
import { tokenOf } from "../faults/tokens.ts";

const IS_ROOT = process.getuid?.() === 0;
const RENDERER = "--type=renderer";

interface Serving extends AsyncDisposable {
  readonly site: Simulator;
  readonly gateway: GatewayProcess;
  /** Every process of its browser. */
  browser(): Promise<readonly ProcessEntry[]>;
}

/** A gateway that serves one account, with these settings in its environment. */
async function serve(settings: (site: Simulator) => Readonly<Record<string, string>>): Promise<Serving> {
  await using opened = new AsyncDisposableStack();
  const home = opened.use(await mkdtempDisposable(join(tmpdir(), "p-")));
  const site = opened.use(await Simulator.start());
  const own = { GPTOMNI_ORIGIN: site.origin, BROWSER_ARGS: site.browserArgs };
  const gateway = await GatewayProcess.start({ home: home.path, settings: { ...own, ...settings(site) } });
  opened.use(gateway);
  await gateway.says(/"session open"/);
  const browser = async (): Promise<ProcessEntry[]> => {
    const mains = new Set(await gateway.browsers());
    return (await gateway.started()).filter(({ groupId }) => mains.has(groupId));
  };
  const stack = opened.move();
  return { site, gateway, browser, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function statusOf(pid: number, field: string): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  return (new RegExp(`^${field}:\\s*(.*)$`, "m").exec(text)?.[1] ?? "").split(/\s+/);
}

function nicenessOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
}

test.runIf(IS_ROOT)("no key, no setting and no other account's cookie is in any process of the browser", async () => {
  const secret = "canary-of-the-secret-key-0123456789abcdef";
  const tokens: string[] = [];
  await using serving = await serve((site) => {
    const cookies = ["alice", "bob"].map((id) => ({ id, cookie: site.addAccount(id) }));
    tokens.push(...cookies.map(({ cookie }) => tokenOf(cookie)));
    return {
      GPTOMNI_CREDENTIALS: JSON.stringify(cookies),
      MAX_OPEN_SESSIONS: "1",
      HIBERNATE_AFTER_SECONDS: "3600",
      SECRET_KEY: secret,
      API_KEYS: "friend=canary-of-a-friend-0123456789",
      UNRELATED_TOKEN: "canary-of-another-program",
      NODE_OPTIONS: "--title=canary-of-node",
      npm_config_canary: "canary-of-npm",
    };
  });
  const [alice = "", bob = ""] = tokens;
  const canaries = [secret, API_KEY, ADMIN_KEY, bob, "canary-of", "GPTOMNI_CREDENTIALS"];
  const found: string[] = [];
  let withSignIn = 0;
  for (const { pid, command } of await serving.browser()) {
    const texts = await textsIn(pid, [...canaries, alice]);
    found.push(...texts.filter((text) => text !== alice || command.includes(RENDERER)));
    if (texts.includes(alice)) withSignIn += 1;
  }
  expect(found).toEqual([]);
  // The token of the account that is signed in is found, so the search works.
  expect(withSignIn).toBeGreaterThan(0);
});

test("each page runs in Chromium's sandbox, and as root under a user id of its own", async () => {
  await using serving = await serve((site) => ({ GPTOMNI_CREDENTIALS: JSON.stringify([site.addAccount("alice")]) }));
  const { gateway } = serving;
  const processes = await serving.browser();
  const renderers = processes.filter(({ command }) => command.includes(RENDERER));
  expect(renderers.length).toBeGreaterThan(0);
  for (const { pid } of renderers) {
    expect(await statusOf(pid, "Seccomp")).toEqual(["2"]);
    expect((await statusOf(pid, "NSpid")).length).toBeGreaterThan(1);
    expect(await statusOf(pid, "CapEff")).toEqual(["0000000000000000"]);
  }
  expect(processes.filter(({ command }) => command.includes("--no-sandbox"))).toEqual([]);
  for (const { pid } of processes) {
    const [user] = await statusOf(pid, "Uid");
    expect(IS_ROOT ? Number(user) > 60_000 : Number(user) === process.getuid?.()).toBe(true);
    expect(nicenessOf(await readFile(`/proc/${pid}/stat`, "utf8"))).toBeGreaterThanOrEqual(0);
  }
  expect(gateway.logged).toContain('"sandbox":"on"');
  const metrics = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  expect(await metrics.text()).toContain('gateway_browsers{sandbox="on"} 1');
});
