import { z } from "zod";
import { browserEndpoint, onOff, pathToken, setting, text, words } from "../parsers.ts";

/** How Chromium is started, who may look in, and what is logged. */
export const BROWSER = {
  BROWSER_MODE: setting({
    parse: z.enum(["headless", "headed"], { error: "headless or headed" }),
    default: "headless",
    unit: "",
    doc: "headless or headed. headed needs a display; the container image runs headed under Xvfb.",
  }),
  BROWSER_PATH: setting({
    parse: text.min(1),
    default: "/usr/bin/chromium",
    unit: "",
    doc: "Chromium's executable. The npm scripts find it.",
  }),
  BROWSER_ARGS: setting({
    parse: words,
    default: "",
    unit: "",
    doc: "More command-line switches for Chromium, separated by spaces. Double quotes keep one switch together.",
  }),
  REQUIRE_SANDBOX: setting({
    parse: onOff,
    default: "off",
    unit: "",
    doc: "on: serve only while Chromium's sandbox works. off: run without the sandbox where it cannot start, and log a warning.",
  }),
  STEALTH: setting({
    parse: onOff,
    default: "on",
    unit: "",
    doc: "Removes the marks of browser automation. It never claims anything untrue.",
  }),
  BROWSER_ENDPOINT: setting({
    parse: browserEndpoint,
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "Where Chromium runs, if not here: ws://host:port/TOKEN of npm run browser-server or playwright run-server, or the address of a Chromium's DevTools such as http://host:9222. playwright+ or cdp+ before it says which.",
  }),
  BROWSER_SERVER_TOKEN: setting({
    parse: pathToken,
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "For npm run browser-server: who knows this path gets a browser. Without it, the server makes one at the first start, keeps it in STATE_DIR and prints it once.",
  }),
  CORS_ORIGINS: setting({
    parse: words,
    default: "*",
    unit: "",
    doc: "Origins of web pages that may call the API, separated by spaces.",
  }),
  ALLOWED_HOSTS: setting({
    parse: words,
    default: "",
    unit: "",
    doc: "Host names under which /admin, /metrics, /docs and /openapi.json are served, besides localhost and IP addresses.",
  }),
  LOG_LEVEL: setting({
    parse: z.enum(["debug", "info", "warn", "error", "silent"], { error: "debug, info, warn, error or silent" }),
    default: "info",
    unit: "",
    doc: "The lowest level that is logged: debug, info, warn, error or silent.",
  }),
  LOG_FORMAT: setting({
    parse: z.enum(["auto", "json", "pretty"], { error: "auto, json or pretty" }),
    default: "auto",
    unit: "",
    doc: "json, pretty, or auto: pretty on a terminal, else JSON.",
  }),
} as const;
