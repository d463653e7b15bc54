import { z } from "zod";
import { credentials } from "./credentials.ts";
import { sessionsThatFit } from "./memory.ts";
import { httpUrl, onOff, origin, pattern, rateLimit, seconds, setting, text, wholeNumber, words } from "./setting.ts";

/** Every setting there is; the READMEs and .env.example are tested against this table. */
export const SETTINGS = {
  GPTOMNI_CREDENTIALS: setting({
    parse: credentials,
    default: undefined,
    unit: "JSON",
    isSecret: true,
    doc: 'the accounts: a JSON list of cookie strings or of {"id","cookie"}',
  }),
  API_MASTER_KEY: setting({
    parse: text.min(1),
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "the key that clients send; made at first start, kept in STATE_DIR and printed once when absent",
  }),
  API_REQUEST_TIMEOUT: setting({ parse: seconds(1, 3_600), default: "300", unit: "s", doc: "a whole request" }),
  HOST: setting({
    parse: text.min(1),
    default: "127.0.0.1",
    unit: "",
    doc: "address to listen on (the image: 0.0.0.0)",
  }),
  PORT: setting({
    parse: wholeNumber(0, 65_535),
    default: "8088",
    unit: "",
    doc: "port to listen on; 0 takes a free one",
  }),
  CREDENTIALS_FILE: setting({
    parse: text.min(1),
    default: undefined,
    unit: "",
    doc: "a file with the accounts, in place of GPTOMNI_CREDENTIALS; watched, so that changes take effect at once",
  }),
  SECRET_KEY: setting({
    parse: text.min(32, { error: "at least 32 characters" }),
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "seals the cookies that are kept in STATE_DIR; made at first start and kept there when absent",
  }),
  ALERT_URL: setting({
    parse: httpUrl,
    default: undefined,
    unit: "",
    doc: "gets one JSON message when an account needs a person, and one when it is well again",
  }),
  STATE_DIR: setting({ parse: text.min(1), default: "./state", unit: "", doc: "folder for what outlives the process" }),
  GPTOMNI_ORIGIN: setting({ parse: origin, default: "https://gptomni.ai", unit: "", doc: "the site's origin" }),
  RATE_LIMIT: setting({
    parse: rateLimit,
    default: "2/60s",
    unit: "",
    doc: "how often one account may ask, in any such span of time; off",
  }),
  QUEUE_LIMIT: setting({
    parse: wholeNumber(0, 100_000),
    default: "100",
    unit: "requests",
    doc: "how many may wait for an account",
  }),
  QUEUE_TIMEOUT_SECONDS: setting({ parse: seconds(1, 3_600), default: "60", unit: "s", doc: "how long one may wait" }),
  FIRST_BYTE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: "60",
    unit: "s",
    doc: "how long the site may take to begin its answer",
  }),
  IDLE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 3_600),
    default: "60",
    unit: "s",
    doc: "how long it may pause in the middle",
  }),
  CHALLENGE_TIMEOUT_SECONDS: setting({
    parse: seconds(1, 600),
    default: "30",
    unit: "s",
    doc: "how long the browser may take to solve what the site asks of it",
  }),
  DRAIN_TIMEOUT_SECONDS: setting({
    parse: seconds(0, 3_600),
    default: "90",
    unit: "s",
    doc: "how long running answers may go on after SIGTERM",
  }),
  BACKGROUND_PATTERN: setting({
    parse: pattern,
    default: "^### Task:",
    unit: "regular expression",
    doc: "requests whose last message matches are served last and turned away first: chat UIs' titles, tags, follow-ups",
  }),
  MAX_OPEN_SESSIONS: setting({
    parse: z.literal("auto").transform(sessionsThatFit).or(wholeNumber(1, 10_000)),
    default: "auto",
    unit: "pages",
    doc: "how many accounts have their page open at once; auto: as many as fit into memory",
  }),
  HIBERNATE_AFTER_SECONDS: setting({
    parse: seconds(1, 86_400),
    default: "300",
    unit: "s",
    doc: "a page that was not used for so long is closed until it is needed",
  }),
  PROBE_AFTER_SECONDS: setting({
    parse: seconds(1, 86_400),
    default: "240",
    unit: "s",
    doc: "an account that nobody used for so long is asked whether it is still signed in, while its page is open",
  }),
  RENEW_AFTER_REQUESTS: setting({
    parse: wholeNumber(1, 1_000_000),
    default: "1000",
    unit: "requests",
    doc: "a page that was asked so often is changed for a new one, since pages grow; also after 6 h, or 64 MiB of growth",
  }),
  CREDENTIALS_PER_BROWSER: setting({
    parse: wholeNumber(1, 1_000),
    default: "8",
    unit: "accounts",
    doc: "how many accounts share one Chromium: the death of one costs no more; more, where few pages may be open",
  }),
  MAX_REPLY_BYTES: setting({
    parse: wholeNumber(1_024, 1_073_741_824),
    default: "8388608",
    unit: "bytes",
    doc: "the longest answer",
  }),
  MAX_BODY_BYTES: setting({
    parse: wholeNumber(1_024, 268_435_456),
    default: "4194304",
    unit: "bytes",
    doc: "the largest request",
  }),
  MAX_CHOICES: setting({
    parse: wholeNumber(1, 128),
    default: "4",
    unit: "answers",
    doc: "the largest `n` of a request; each answer is a turn of its own on the site",
  }),
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
  STEALTH: setting({
    parse: onOff,
    default: "on",
    unit: "",
    doc: "take automation's marks off the browser; claims nothing untrue",
  }),
  CORS_ORIGINS: setting({ parse: words, default: "*", unit: "", doc: "web pages that may call, separated by spaces" }),
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
