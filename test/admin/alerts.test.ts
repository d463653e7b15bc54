import { expect, onTestFinished, test } from "vitest";
import type { OperatorChange } from "../../src/admin/audit.ts";
import { Alerts } from "../../src/alerts/alerts.ts";
import { loadConfig } from "../../src/config/config.ts";
import { alertService, SERVICES, urlOf } from "../alerts/alert-service.ts";
import { operatorOf } from "../support/key-store.ts";
import { KEY, says, serve } from "../support/scripted-gateway.ts";

/** A gateway that tells these addresses. */
async function telling(ALERT_URL: string) {
  const alerts = new Alerts(loadConfig({ ALERT_URL }).alerts, { log: { warn: () => {} }, record: () => {} });
  onTestFinished(() => alerts[Symbol.dispose]());
  const changes: OperatorChange[] = [];
  const { url } = await serve(says("Hello"), { alerts, audit: (change) => void changes.push(change) });
  return { url, call: operatorOf(url), changes };
}

test("a test tells of each service whether it was reached, and shows no secret", async () => {
  const [ntfy, slack] = [await alertService(SERVICES.ntfy), await alertService(SERVICES.slack)];
  slack.refuse(403);
  const { call, changes } = await telling([urlOf("ntfy", ntfy.origin), urlOf("slack", slack.origin)].join(" "));
  const { status, body } = await call("POST", "/alerts/test");
  expect([status, body.data]).toEqual([
    200,
    [
      { form: "ntfy", host: new URL(ntfy.origin).host, ok: true, problem: null },
      { form: "slack", host: new URL(slack.origin).host, ok: false, problem: "status 403" },
    ],
  ]);
  expect(JSON.stringify(body)).not.toMatch(/my-gateway|T0|secret/);
  expect(ntfy.heard).toMatchObject([{ message: "This is a test. Alerts arrive here." }]);
  expect(changes).toMatchObject([{ actor: "admin key", kind: "alerts_tested" }]);
});

test("without ALERT_URL, or with a caller's key, there is no test", async () => {
  const { call, url } = await telling("");
  const { status, body } = await call("POST", "/alerts/test");
  expect([status, body.error.code]).toEqual([409, "no_alert_url"]);
  const asCaller = operatorOf(url, { authorization: `Bearer ${KEY}` });
  expect((await asCaller("POST", "/alerts/test")).status).toBe(401);
});
