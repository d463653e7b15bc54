import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TIERS, tierOf } from "../tiers.ts";

const ROOT = join(import.meta.dirname, "../..");
const tests = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".test.ts"),
);

test("every test file is in a tier, and a command runs each tier", () => {
  expect([...new Set(tests.map(tierOf))].toSorted()).toEqual([...TIERS].toSorted());
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const commands = Object.values(scripts).join("\n");
  expect(TIERS.filter((tier) => !commands.includes(`--project ${tier}`))).toEqual([]);
});

test.each([
  ["starts none", "http/http.test.ts", "fast"],
  ["starts a process without one", "observe/log-sink.test.ts", "fast"],
  ["starts PostgreSQL alone", "store/postgres-users.test.ts", "thorough"],
  ["starts one itself", "openapi/docs-page.test.ts", "browser"],
  ["starts one through its support code", "gateway/streaming.test.ts", "browser"],
  ["starts one through the command line", "cli/cli.test.ts", "processes"],
  ["starts one through a process of its own", "browser/network-change.test.ts", "processes"],
])("the tier of a file that %s is told", (_what, path, tier) => {
  expect(tierOf(path)).toBe(tier);
});

test("a tier without a browser has none to start", () => {
  expect(process.env["BROWSER_PATH"]).toBe("/dev/null");
});
