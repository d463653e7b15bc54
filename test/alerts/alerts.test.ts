import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { AlertEvent } from "../../src/alerts/alert-outbox.ts";
import { Alerts, type AlertOptions } from "../../src/alerts/alerts.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { AccountState } from "../../src/pool/account-state.ts";
import { alertService, SERVICES, urlOf } from "./alert-service.ts";

const FORMS = ["json", "ntfy", "slack", "telegram"] as const;

/** Alerts as these settings have them. */
function alertsOf(settings: Readonly<Record<string, string>>, options: Partial<AlertOptions> = {}) {
  const warnings: unknown[] = [];
  const events: AlertEvent[] = [];
  const log = { warn: (...of: unknown[]) => void warnings.push(of) };
  const alerts = new Alerts(
    { ...loadConfig(settings).alerts, ...options },
    { log, record: (event) => void events.push(event) },
  );
  onTestFinished(() => alerts[Symbol.dispose]());
  const change = (accountId: string, to: AccountState, reason = "because"): void =>
    alerts.onEvent({ kind: "state", accountId, from: "idle", to, reason, since: Date.now(), nextTryAt: undefined });
  return { alerts, warnings, events, change };
}

/** The time of day so many minutes from now. */
function localTime(offsetMinutes: number): string {
  const at = new Date(Date.now() + offsetMinutes * 60_000);
  return [at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** Quiet hours that began a while ago, in local time, and end after so many minutes; less than none: a while ago. */
function quietFor(minutes: number): string {
  return `${localTime(minutes - 120)}-${localTime(minutes)}`;
}

test.each(FORMS)("%s gets what it takes: an alarm, its end, an expiry and a test", async (form) => {
  const service = await alertService(SERVICES[form]);
  const { alerts, change, warnings } = alertsOf({ ALERT_URL: urlOf(form, service.origin) });
  change("work", "needs_attention", "The site asks <b>for a click</b> & more.");
  await expect.poll(() => service.heard.length).toBe(1);
  change("work", "ready");
  await expect.poll(() => service.heard.length).toBe(2);
  alerts.checkExpiry([{ id: "home", state: "ready", expiresAt: Date.now() + 3_600_000 }]);
  await expect.poll(() => service.heard.length).toBe(3);
  expect(await alerts.test()).toEqual([{ form, host: service.origin.slice("http://".length), problem: undefined }]);
  expect(service.heard.length).toBe(4);
  expect(warnings).toEqual([]);
  const told = service.heard.map((body) => JSON.stringify(body));
  for (const [index, word] of ["work", "work", "home", "test"].entries()) expect(told[index]).toContain(word);
});

test("each text says what happened, and no service reads a link or a mention in it", async () => {
  const services = await Promise.all(FORMS.map((form) => alertService(SERVICES[form])));
  const { change } = alertsOf({
    ALERT_URL: FORMS.map((form, at) => urlOf(form, services[at]?.origin ?? "")).join(" "),
  });
  change("work", "expired", "The site says <!channel> & that it is signed out.");
  const [json, ntfy, slack, telegram] = services.map(({ heard }) => heard);
  await expect.poll(() => services.map(({ heard }) => heard.length)).toEqual([1, 1, 1, 1]);
  const text = "The account work is signed out. The site says <!channel> & that it is signed out.";
  expect(json?.[0]).toMatchObject({ kind: "state", account: "work", state: "expired", before: null });
  expect(ntfy?.[0]).toMatchObject({ message: text, title: "gptomni-gateway", priority: 4 });
  expect(slack?.[0]?.["text"]).toBe(
    "gptomni-gateway: The account work is signed out. The site says &lt;!channel&gt; &amp; that it is signed out.",
  );
  expect(telegram?.[0]).toEqual({ chat_id: "-1001", text: `gptomni-gateway: ${text}` });
});

test("one service that fails costs the others nothing, and is told by its form without its address", async () => {
  const [broken, well] = [await alertService(SERVICES.slack), await alertService(SERVICES.ntfy)];
  broken.refuse(500);
  const urls = [urlOf("slack", broken.origin), urlOf("ntfy", well.origin)];
  const { alerts, change, warnings, events } = alertsOf({ ALERT_URL: urls.join(" ") });
  change("work", "expired");
  await expect.poll(() => well.heard.length).toBe(1);
  await expect.poll(() => warnings.length).toBe(1);
  expect(broken.tries.length).toBe(3);
  expect(JSON.stringify(warnings)).toContain("status 500");
  expect(events.map(({ account, summary }) => [account, summary])).toEqual([
    ["work", "Told by ntfy: The account work is signed out. because"],
    ["work", "Not told by slack (status 500): The account work is signed out. because"],
  ]);
  expect(JSON.stringify([warnings, events])).not.toMatch(/secret|127\.0\.0\.1/);
  expect((await alerts.test()).map(({ form, problem }) => [form, problem])).toEqual([
    ["slack", "status 500"],
    ["ntfy", undefined],
  ]);
});

test("what comes while a post is under way goes together with the next one, in order", async () => {
  const service = await alertService(SERVICES.json);
  const { change } = alertsOf({ ALERT_URL: urlOf("json", service.origin) });
  for (const account of ["a", "b", "c"]) change(account, "expired");
  await expect.poll(() => service.heard.length).toBe(2);
  expect(service.heard).toMatchObject([{ account: "a" }, { notices: [{ account: "b" }, { account: "c" }] }]);
});

/** Alerts to one service, in quiet hours. The end of the hours is brought about by the clock of the test. */
async function inTheNight(suffix = "") {
  const service = await alertService(SERVICES.json);
  const settings = { ALERT_URL: urlOf("json", service.origin), ALERT_QUIET_HOURS: quietFor(60) + suffix };
  return { ...alertsOf(settings), service };
}

describe("in quiet hours", () => {
  test("a person who is needed is told, and the rest waits", async () => {
    const { alerts, change, service } = await inTheNight();
    change("home", "expired");
    change("work", "needs_attention");
    await expect.poll(() => service.heard.map(({ account }) => account)).toEqual(["work"]);
    alerts.endQuietHours();
    await expect.poll(() => service.heard.map(({ account }) => account)).toEqual(["work", "home"]);
  });

  test("with `all`, everything waits and is sent together", async () => {
    const { alerts, change, service } = await inTheNight(" all");
    change("home", "expired");
    change("work", "needs_attention");
    await alerts.test();
    expect(service.heard).toMatchObject([{ kind: "test" }]);
    alerts.endQuietHours();
    await expect.poll(() => service.heard[1]).toMatchObject({ notices: [{ account: "home" }, { account: "work" }] });
  });

  test("an alarm that is over by then is not told, nor is its end", async () => {
    const { alerts, change, service } = await inTheNight();
    change("home", "expired");
    change("home", "ready");
    change("work", "expired");
    alerts.endQuietHours();
    await expect.poll(() => service.heard).toMatchObject([{ account: "work" }]);
  });

  test("the end of an alarm from before them is told afterwards, whatever came between", async () => {
    const { alerts, change, service } = await inTheNight();
    alerts.restored({ id: "home", state: "expired", reason: "", since: Date.now() - 86_400_000 });
    for (const state of ["ready", "expired", "ready"] as const) change("home", state);
    alerts.endQuietHours();
    await expect.poll(() => service.heard).toMatchObject([{ account: "home", state: "ready", before: "expired" }]);
  });

  test("an alarm from before them that comes back is not told again", async () => {
    const { alerts, change, service } = await inTheNight();
    alerts.restored({ id: "home", state: "expired", reason: "", since: Date.now() - 86_400_000 });
    for (const state of ["ready", "expired"] as const) change("home", state);
    change("work", "expired");
    alerts.endQuietHours();
    await expect.poll(() => service.heard).toMatchObject([{ account: "work" }]);
  });

  test("an alarm that waited when the gateway stopped waits again after the start", async () => {
    const { alerts, service } = await inTheNight();
    alerts.restored({ id: "home", state: "expired", reason: "", since: Date.now() });
    alerts.endQuietHours();
    await expect.poll(() => service.heard).toMatchObject([{ account: "home", state: "expired" }]);
  });

  test("what waits is sent when they end", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { change, service } = await inTheNight();
    change("home", "expired");
    vi.advanceTimersByTime(59 * 60_000);
    expect(service.tries).toEqual([]);
    vi.advanceTimersByTime(2 * 60_000);
    vi.useRealTimers();
    await expect.poll(() => service.heard).toMatchObject([{ account: "home" }]);
  });

  test("of another time of day nothing waits", async () => {
    const service = await alertService(SERVICES.json);
    const settings = { ALERT_URL: urlOf("json", service.origin), ALERT_QUIET_HOURS: quietFor(-60) };
    alertsOf(settings).change("home", "expired");
    await expect.poll(() => service.heard).toMatchObject([{ account: "home" }]);
  });
});
