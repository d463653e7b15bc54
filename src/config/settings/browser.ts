import { z } from "zod";
import { onOff, setting, text, words } from "../parsers.ts";

/** How Chromium is started, who may look in, and what is logged. */
export const BROWSER = {
  BROWSER_MODE: setting({
    parse: z.enum(["headless", "headed"], { error: "headless or headed" }),
    default: "headless",
    unit: "",
    doc: "headed needs a display (the image: headed, under Xvfb)",
  }),
  BROWSER_PATH: setting({
    parse: text.min(1),
    default: "/usr/bin/chromium",
    unit: "",
    doc: "Chromium's executable; found by the npm scripts",
  }),
  BROWSER_ARGS: setting({
    parse: words,
    default: "",
    unit: "",
    doc: "further switches for Chromium, separated by spaces; double quotes keep one together",
  }),
  REQUIRE_SANDBOX: setting({
    parse: onOff,
    default: "off",
    unit: "",
    doc: "serve only while Chromium's sandbox is on; else it runs without one where it must, and the log says so",
  }),
  STEALTH: setting({
    parse: onOff,
    default: "on",
    unit: "",
    doc: "take automation's marks off the browser; claims nothing untrue",
  }),
  CORS_ORIGINS: setting({ parse: words, default: "*", unit: "", doc: "web pages that may call, separated by spaces" }),
  ALLOWED_HOSTS: setting({
    parse: words,
    default: "",
    unit: "",
    doc: "names under which /admin, /metrics, /docs and /openapi.json are served, besides localhost and IP addresses",
  }),
  LOG_LEVEL: setting({
    parse: z.enum(["debug", "info", "warn", "error", "silent"], { error: "debug, info, warn, error or silent" }),
    default: "info",
    unit: "",
    doc: "the least that is logged",
  }),
  LOG_FORMAT: setting({
    parse: z.enum(["auto", "json", "pretty"], { error: "auto, json or pretty" }),
    default: "auto",
    unit: "",
    doc: "auto is pretty on a terminal, else JSON",
  }),
} as const;
