import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { withoutNeedlessFeatures } from "../../src/browser/features.ts";
import { openWorld } from "../support/world.ts";
import { mainPidOf } from "../support/main-pid.ts";

const SWITCH = "--disable-features=";

test("an open session costs one renderer, and what Playwright switches off stays off", async () => {
  await using world = await openWorld();
  const [host] = world.gateway.browsers.supervisors;
  const cdp = await (await host?.browser())?.newBrowserCDPSession();
  const { processInfo = [] } = (await cdp?.send("SystemInfo.getProcessInfo")) ?? {};
  expect(processInfo.filter(({ type }) => type === "renderer")).toHaveLength(2);
  const args = (await readFile(`/proc/${await mainPidOf(host)}/cmdline`, "utf8")).split("\0");
  const lists = args.filter((arg) => arg.startsWith(SWITCH)).map((arg) => arg.slice(SWITCH.length).split(","));
  expect(lists).toHaveLength(2);
  expect(lists[1]).toEqual(expect.arrayContaining(lists[0] ?? []));
});

test("features that the operator switches off are added to the others", () => {
  const given = ["--disable-features=One,Two", "--lang=de"];
  const [lang, features, ...more] = withoutNeedlessFeatures(given);
  expect([lang, more]).toEqual(["--lang=de", []]);
  expect(features).toMatch(/^--disable-features=.*,WebUIOmniboxPopup,One,Two$/);
});
