import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import type { MetricsSources } from "../../src/observe/metric-readings.ts";
import { Metrics } from "../../src/observe/metrics.ts";
import { AccountCounts } from "../../src/pool/account-counts.ts";
import { AccountEvents } from "../../src/pool/account-event.ts";
import { ACCOUNT_STATES, type AccountState } from "../../src/pool/account-state.ts";
import { meteredSites } from "../../src/sites/metered-sites.ts";
import { parrotAt } from "../support/parrot.ts";
import { requestRecord } from "../support/recording.ts";

const DOCS = readFileSync(join(import.meta.dirname, "../../docs/operating.md"), "utf8");

function metricsOf(sources: Partial<MetricsSources> = {}): Metrics {
  return new Metrics({
    version: "1.2.3",
    accountStates: ACCOUNT_STATES,
    accounts: () => [{ id: "alice", state: "ready", since: 1_000, expiresAt: 5_000 }],
    queue: () => ({ length: 0, estimatedWaitMs: 0 }),
    openPages: () => 1,
    browserStarts: () => 1,
    browsers: () => 1,
    browserMemory: () => Promise.resolve([{ number: 1, bytes: 4_096 }]),
    sessionFailures: () => new Map([["session_lost", 1]]),
    counts: { challenges: new Map([["solved", 1]]), renewals: new Map([["age", 1]]) },
    isStateStored: () => true,
    recording: () => ({ isWorking: true, dropped: 0 }),
    forwarded: () => new Map([["answered", 1]]),
    cluster: { ownedAccounts: 1, heartbeatAgeMs: 900, fences: new Map([["session_lost", 1]]) },
    ...sources,
  });
}

/** The samples of a metric, by their labels. */
async function samplesOf(metrics: Metrics, name: string): Promise<Record<string, number>> {
  const samples = (await metrics.text()).matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, "gm"));
  return Object.fromEntries([...samples].map(([, labels = "", value]) => [labels, Number(value)]));
}

/** Everything that the gateway can measure, measured once. */
async function busy(): Promise<Metrics> {
  const metrics = metricsOf();
  metrics.add(requestRecord());
  metrics.attempted("ok");
  metrics.waited(30);
  metrics.leased(1_500);
  await expect.poll(() => samplesOf(metrics, "gateway_tokens_total")).not.toEqual({});
  return metrics;
}

test("the documentation has each metric with its labels, and no other", async () => {
  const text = await (await busy()).text();
  const names = [...text.matchAll(/^# TYPE (gateway_\w+) (\w+)$/gm)].map(([, name = "", type]) => ({ name, type }));
  const measured = names.map(({ name, type }) => {
    const series = type === "histogram" ? `${name}_count` : name;
    const labels = new RegExp(`^${series}\\{(.*)\\} `, "m").exec(text)?.[1] ?? "";
    return `${name}: ${[...labels.matchAll(/(\w+)="/g)].map(([, label]) => label).join(" ")}`;
  });
  const rows = DOCS.matchAll(/^\| `(gateway_\w+)` \|([^|]*)\| (histogram)?/gm);
  const documented = [...rows].map(([, name, labels = ""]) => `${name}: ${labels.replaceAll("`", "").trim()}`);
  expect(documented.toSorted()).toEqual(measured.toSorted());
});

test("names follow Prometheus: counters end in _total, times are seconds, moments are timestamps", async () => {
  const text = await (await busy()).text();
  const types = [...text.matchAll(/^# TYPE (gateway_\w+) (\w+)$/gm)].map(([, name = "", type = ""]) => [name, type]);
  for (const [name = "", type] of types) expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
  expect(text).not.toMatch(/^gateway_\w*(?:since|expiry)_seconds/m);
  expect(text).not.toMatch(/^gateway_\w*(?:_ms|_millis)/m);
});

test("a hundred keys have names of their own, further ones are told together", async () => {
  const metrics = metricsOf();
  for (let index = 0; index < 150; index += 1) metrics.add(requestRecord({ keyName: `key-${index}` }));
  metrics.add(requestRecord({ keyName: "key-7" }));
  const requests = await samplesOf(metrics, "gateway_requests_total");
  expect(Object.keys(requests)).toHaveLength(101);
  const labels = 'route="/v1/chat/completions",status="200",code=""';
  expect(requests).toMatchObject({ [`${labels},key="key-7"`]: 2, [`${labels},key="other"`]: 50 });
  await expect
    .poll(() => samplesOf(metrics, "gateway_tokens_total"))
    .toMatchObject({ 'direction="in",key="key-7"': 20, 'direction="out",key="other"': 1_000 });
});

test("tokens are counted also where the client did not ask for them", async () => {
  const metrics = metricsOf();
  const counted = Promise.resolve({ prompt: 3, completion: 4, reasoning: 1 });
  metrics.add(requestRecord({ tokens: undefined, countTokens: () => counted }));
  await expect
    .poll(() => samplesOf(metrics, "gateway_tokens_total"))
    .toEqual({ 'direction="in",key="master"': 3, 'direction="out",key="master"': 4 });
});

/** The counts after these states of one account. */
function after(...states: readonly AccountState[]): Record<string, number> {
  const counts = new AccountCounts();
  const events = new AccountEvents();
  const subscription = events.subscribe((event) => counts.onEvent(event));
  onTestFinished(() => subscription[Symbol.dispose]());
  for (const to of states) {
    events.emit({ kind: "state", accountId: "alice", from: "idle", to, reason: "", since: 0, nextTryAt: undefined });
  }
  return Object.fromEntries(counts.challenges);
}

describe("challenges and renewals", () => {
  test("a challenge is counted once, by how it ended", () => {
    expect(after("challenged", "busy", "ready")).toEqual({ solved: 1 });
    expect(after("challenged", "opening", "ready")).toEqual({ solved: 1 });
    expect(after("challenged", "needs_attention", "opening", "needs_attention")).toEqual({ unsolved: 1 });
    expect(after("needs_attention", "taken_over", "idle", "ready", "busy")).toEqual({ unsolved: 1, recovered: 1 });
    expect(after("challenged", "expired", "opening", "ready")).toEqual({});
  });

  test("renewed pages are counted by why", () => {
    const counts = new AccountCounts();
    for (const reason of ["age", "age", "sign_in"] as const) {
      counts.onEvent({ kind: "page_renewed", accountId: "alice", reason });
    }
    expect(Object.fromEntries(counts.renewals)).toEqual({ age: 2, sign_in: 1 });
  });
});

test("each attempt to ask a site is counted by what came of it", async () => {
  const metrics = metricsOf();
  const site = parrotAt(new URL("https://parrot.example.test"));
  let isCut = false;
  async function* answer() {
    yield { type: "text-delta" as const, text: "one" };
    if (isCut) throw new GatewayError("reply_cut", "The site stopped.");
    yield { type: "text-delta" as const, text: "two" };
  }
  const sites = meteredSites({ siteOf: () => ({ ...site, reply: answer }) }, metrics);
  const ask = () => sites.siteOf("x").reply(...([] as never as Parameters<typeof site.reply>));
  for await (const _part of ask()) {
    // Read to its end.
  }
  isCut = true;
  await expect(Array.fromAsync(ask())).rejects.toThrow("The site stopped.");
  expect(await samplesOf(metrics, "gateway_attempts_total")).toEqual({ 'outcome="ok"': 1, 'outcome="reply_cut"': 1 });
  expect(await samplesOf(metrics, "gateway_chunk_gap_seconds_count")).toEqual({ "": 1 });
});
