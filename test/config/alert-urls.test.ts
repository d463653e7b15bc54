import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";

test.each([
  ["https://example.com/alerts", "json"],
  ["https://ntfy.sh/my-topic", "ntfy"],
  ["https://hooks.slack.com/services/T0/B0/x", "slack"],
  ["https://api.telegram.org/bot42:x/sendMessage?chat_id=7", "telegram"],
  ["slack+https://chat.example/hooks/x", "slack"],
  ["ntfy+http://ntfy.lan/my-topic", "ntfy"],
  ["json+https://ntfy.sh/my-topic", "json"],
])("%s is told in the form of %s", (ALERT_URL, form) => {
  expect(loadConfig({ ALERT_URL }).alerts.targets).toMatchObject([{ form }]);
});

test("several URLs may stand side by side, each with its user and password", () => {
  const { targets } = loadConfig({ ALERT_URL: "https://me:a%20b@ntfy.sh/topic  https://example.com/x" }).alerts;
  expect(targets.map(({ form, url }) => [form, url.href])).toEqual([
    ["ntfy", "https://ntfy.sh/topic"],
    ["json", "https://example.com/x"],
  ]);
  expect(targets.map(({ authorization }) => authorization)).toEqual([
    `Basic ${Buffer.from("me:a b").toString("base64")}`,
    undefined,
  ]);
});

test.each([
  ["https://ok.example/x ftp://me:canary@hooks.example", "http or https URLs"],
  ["pager+https://canary.example/x", "forms of json, ntfy, slack, telegram"],
  ["https://api.telegram.org/bot42:canary/sendMessage", "a Telegram URL"],
  ["telegram+https://api.telegram.org/bot42:canary?chat_id=7", "a Telegram URL"],
  ["https://ntfy.sh/", "an ntfy URL with a topic"],
])("%s is refused, and not repeated", (ALERT_URL, expected) => {
  expect(() => loadConfig({ ALERT_URL })).toThrow(`ALERT_URL: expected ${expected}`);
  expect(() => loadConfig({ ALERT_URL })).toThrow(/^(?![\s\S]*canary)/);
});
