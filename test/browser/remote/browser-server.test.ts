import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { chromium, type Browser } from "playwright";
import { expect, onTestFinished, test } from "vitest";
import { BrowserServer, type BrowserServerParts } from "../../../src/browser/server/browser-server.ts";
import { createLog, Redaction } from "../../../src/observe/log.ts";
import { allProcesses } from "../../faults/processes.ts";
import { Command, NODE } from "../../support/command.ts";
import { TOKEN } from "./remote-servers.ts";

const CHROMIUM = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";
const PLAYWRIGHT = (createRequire(import.meta.url)("playwright/package.json") as { readonly version: string }).version;

/** Gives the port. */
async function serve(further: Partial<BrowserServerParts> = {}): Promise<number> {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const browser = { browserPath: CHROMIUM, browserMode: "headless", stealth: true, browserArgs: [] } as const;
  const memory = { isTight: false };
  const server = await BrowserServer.open({ browser, token: TOKEN, memory, log, ...further });
  onTestFinished(() => server[Symbol.asyncDispose]());
  server.http.listen(0, "127.0.0.1");
  await once(server.http, "listening");
  return (server.http.address() as AddressInfo).port;
}

interface Knock {
  readonly path?: string;
  readonly version?: string;
}

/** The status with which a connection is refused, and what is said with it; 101 if it is not. */
async function knock(port: number, { path = `/${TOKEN}`, version = PLAYWRIGHT }: Knock): Promise<string> {
  const headers = { "user-agent": `Playwright/${version} (x64; debian 12)`, ...UPGRADE };
  const sent = request({ port, path, headers }).end();
  const [answer] = (await Promise.race([once(sent, "response"), once(sent, "upgrade")])) as [IncomingMessage];
  let text = "";
  if (answer.statusCode === 101) answer.socket.destroy();
  else for await (const chunk of answer) text += String(chunk);
  return `${answer.statusCode} ${text}`;
}

const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

function gone(browser: Browser): Promise<void> {
  return new Promise((resolve) => browser.once("disconnected", () => resolve()));
}

/** The main processes of the browsers that this process has. */
async function browsers(): Promise<readonly number[]> {
  const own = (await allProcesses()).filter(({ parentPid, state }) => parentPid === process.pid && state !== "Z");
  return own.filter(({ command }) => command.includes("--remote-debugging-pipe")).map(({ pid }) => pid);
}

/** Gives how many browsers there are that were not there before; those of other tests may still be ending. */
async function countingNew(): Promise<() => Promise<number>> {
  const before = new Set(await browsers());
  return async () => (await browsers()).filter((pid) => !before.has(pid)).length;
}

test("without the token, with another version of Playwright or without memory, no browser starts and the reason is told", async () => {
  const served = await countingNew();
  const port = await serve();
  expect(await knock(port, { path: "/" })).toBe("404 There is no browser at this path.");
  expect(await knock(port, { path: `/${TOKEN}x` })).toBe("404 There is no browser at this path.");
  expect(await knock(port, { version: "1.2.3" })).toBe(
    `428 Playwright version mismatch: the browser server has ${PLAYWRIGHT}, the client 1.2.`,
  );
  expect(await knock(await serve({ memory: { isTight: true } }), {})).toBe(
    "503 The browser server is short of memory.",
  );
  expect(await served()).toBe(0);
  const [probe, secret] = await Promise.all(
    ["/livez", "/json"].map((path) => fetch(`http://127.0.0.1:${port}${path}`)),
  );
  expect([probe?.status, secret?.status]).toEqual([200, 404]);
  expect(await secret?.text()).not.toContain(TOKEN);
});

test("each connection has a browser of its own, which the client cannot choose and which ends with it", async () => {
  const served = await countingNew();
  const port = await serve();
  const headers = {
    "x-playwright-launch-options": JSON.stringify({ executablePath: "/bin/false", args: ["--no-sandbox"] }),
  };
  const connect = () => chromium.connect(`ws://127.0.0.1:${port}/${TOKEN}`, { headers });
  const [one, other] = await Promise.all([connect(), connect()]);
  expect(await served()).toBe(2);
  const page = await one.newPage();
  const { userAgent, webdriver } = await page.evaluate(() => {
    return { userAgent: navigator.userAgent, webdriver: navigator.webdriver };
  });
  expect([userAgent.includes("Headless"), webdriver]).toEqual([false, false]);
  const cdp = await one.newBrowserCDPSession();
  const { commandLine } = await cdp.send("SystemInfo.getInfo");
  expect(commandLine).not.toContain("--no-sandbox");
  expect(other.contexts()).toEqual([]);
  await one.close();
  await expect.poll(served).toBe(1);
  await other.close();
  await expect.poll(served).toBe(0);
});

test("a client that says nothing any more is left, and its browser ends", async () => {
  const served = await countingNew();
  const port = await serve({ silenceLimitMs: 1_000 });
  const browser = await chromium.connect(`ws://127.0.0.1:${port}/${TOKEN}`);
  await gone(browser);
  await expect.poll(served).toBe(0);
});

test("the command makes a token at its first start, shows it once, and ends with its browsers at a signal", async () => {
  await using command = await Command.run([...NODE, "browser-server"], { BROWSER_PATH: CHROMIUM });
  const [, endpoint = ""] = await command.says(/BROWSER_ENDPOINT=(ws:\/\/127\.0\.0\.1:\d+\/browsers-[\w-]{43})\n/);
  const browser = await chromium.connect(endpoint);
  const ended = gone(browser);
  await command.says(/"msg":"chromium started for a gateway"/);
  const logged = command.output.split("\n").filter((line) => line.startsWith("{"));
  expect(logged.join("\n")).not.toContain(new URL(endpoint).pathname.slice(1));
  command.signal("SIGTERM");
  await ended;
  expect(await command.ended()).toBe(0);
  await expect.poll(() => command.processes()).toEqual([]);
});
