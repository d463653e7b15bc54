import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { request } from "undici";
import { consoleRoutes } from "../../src/console/console-routes.ts";
import { ConfiguredKeys } from "../../src/http/api-keys.ts";
import { createApp } from "../../src/http/app.ts";
import { OperatorAccess } from "../../src/http/operator.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { ADMIN_KEY } from "../support/api-key.ts";

const SCRIPT = "console.log(1);";

/** A server with a build of these files. */
async function serveBuild(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gptomni-console-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "assets"));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const operator = new OperatorAccess(ADMIN_KEY);
  const keys = { apiKeys: new ConfiguredKeys([]), operator, metricsKey: undefined };
  const app = createApp({ ...keys, allowedHosts: [], routes: consoleRoutes(folder), sinks: [], corsOrigins: ["*"] });
  const server = createHttpServer(app, new AbortController().signal).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const BUILD = {
  "index.html": "<!doctype html><title>the console</title>",
  "assets/main-abc123.js": SCRIPT,
  "assets/main-abc123.js.gz": gzipSync(SCRIPT),
  "assets/small-abc123.css": "a{}",
};

describe("the console's files", () => {
  test.each(["/console", "/console/", "/console/accounts/alice", "/console/requests"])(
    "%s is the console's page, and is asked for anew each time",
    async (path) => {
      const response = await fetch(`${await serveBuild(BUILD)}${path}`);
      expect([response.status, await response.text()]).toEqual([200, BUILD["index.html"]]);
      expect(response.headers.get("cache-control")).toBe("no-cache");
    },
  );

  test("a file with its content's hash in the name is kept for ever, compressed for who takes it", async () => {
    const url = `${await serveBuild(BUILD)}/console/assets/main-abc123.js`;
    const compressed = await request(url, { headers: { "accept-encoding": "gzip" } });
    expect(gunzipSync(Buffer.from(await compressed.body.arrayBuffer())).toString()).toBe(SCRIPT);
    expect(compressed.headers).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-encoding": "gzip",
      "content-type": "text/javascript; charset=utf-8",
      vary: "accept-encoding",
    });
    const plain = await request(url, { headers: { "accept-encoding": "identity" } });
    expect([plain.headers["content-encoding"], await plain.body.text()]).toEqual([undefined, SCRIPT]);
  });

  test("a file too small to be compressed is served as it is", async () => {
    const response = await fetch(`${await serveBuild(BUILD)}/console/assets/small-abc123.css`);
    expect([response.headers.get("content-type"), await response.text()]).toEqual(["text/css; charset=utf-8", "a{}"]);
  });

  test.each([
    "gone-abc123.js",
    "..%2findex.html",
    "main-abc123.js.gz",
    ".hidden.js",
    "..%2f..%2fpackage.json",
    "main-abc123.js%00",
  ])("there is no asset %s", async (name) => {
    const response = await fetch(`${await serveBuild(BUILD)}/console/assets/${name}`);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("unknown_url")]);
  });

  test("nothing may frame the page, and its policy allows no code in line", async () => {
    const { headers } = await fetch(`${await serveBuild(BUILD)}/console`);
    const policy = headers.get("content-security-policy") ?? "";
    for (const part of ["script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(part);
    expect(policy).not.toContain("unsafe");
    expect([headers.get("x-frame-options"), headers.get("access-control-allow-origin")]).toEqual(["SAMEORIGIN", null]);
  });

  test("a name that is not known is refused, so that no page of another site reads the console as its own", async () => {
    const url = await serveBuild(BUILD);
    const { statusCode } = await request(`${url}/console`, { headers: { host: "evil.example" } });
    expect(statusCode).toBe(403);
  });

  test("without a build the page says how to make it", async () => {
    const response = await fetch(`${await serveBuild({})}/console`);
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining("npm run build:console")]);
  });
});
