import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { RequestHandler } from "express";
import { setResponseHeaders } from "../http/respond.ts";
import { DOCS_SCRIPT } from "./docs-script.ts";

/** `GET /docs`: the description to read and to try, as one page that asks nobody but this gateway. */
export function docsPage(): RequestHandler {
  const template = readFileSync(new URL("docs-page.html", import.meta.url), "utf8");
  const html = template.replace("/* script */", () => DOCS_SCRIPT);
  const bytes = Buffer.from(html);
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-length": bytes.length,
    "content-security-policy": policyOf(html),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  };
  return (_request, response) => {
    setResponseHeaders(response);
    response.writeHead(200, headers).end(bytes);
  };
}

/** Nothing but this page's own style and script runs, and they reach nobody but the gateway: a key is typed here. */
function policyOf(html: string): string {
  const [style = "", script = ""] = [/<style>([^]*?)<\/style>/, /<script type="module">([^]*?)<\/script>/].map(
    (pattern) => pattern.exec(html)?.[1],
  );
  return [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    `style-src ${hashSource(style)}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
}

function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
