import { stripVTControlCharacters } from "node:util";
import { isSandboxMissing } from "./sandbox.ts";

const MAX_QUOTED_LINES = 5;
const MAX_QUOTED_CHARACTERS = 1_000;

/** Chromium's messages when it does not start, and what to do about each. */
const ADVICE: readonly (readonly [said: RegExp, advice: string])[] = [
  [
    /missing X server|cannot open display|\$DISPLAY/i,
    "Chromium cannot open a window: there is no display. Set BROWSER_MODE=headless or start under Xvfb.",
  ],
  [
    /chromium snap|snap install|snap-confine/i,
    "BROWSER_PATH is a stand-in for Chromium from snap, which is not installed: install Chromium itself and set BROWSER_PATH.",
  ],
  [
    /GLIBC_|exec format error|ENOEXEC/i,
    "This Chromium is made for another system: install the distribution's own (Debian: apt-get install chromium).",
  ],
  [
    /ENOSPC|no space left/i,
    "There is no room for Chromium's temporary files: free the disk that holds TMPDIR, and /dev/shm.",
  ],
  [
    /ENOMEM|failed to map segment|cannot allocate memory|EAGAIN|resource temporarily unavailable|EMFILE|too many open files/i,
    "The machine, or a limit set for this process, leaves no memory, processes or files for Chromium.",
  ],
  [/EACCES|permission denied/i, "Chromium may not be executed by this user, or may not write to TMPDIR."],
  [
    /ENOENT|doesn't exist|not found/i,
    "Chromium was not found: install it (Debian: apt-get install chromium) or set BROWSER_PATH.",
  ],
  [/TimeoutError|timeout \d+\s?ms exceeded/i, "Chromium started and did not answer in time."],
];

/** What to do about a Chromium that did not start. */
export function adviceFor(cause: unknown): string {
  const text = [firstLineOf(cause), ...saidLinesOf(cause)].join("\n");
  if (isSandboxMissing(text)) {
    return "Chromium's sandbox cannot start here: user namespaces are not allowed. In a container use docker/seccomp.json (--security-opt seccomp=docker/seccomp.json); see README, Container.";
  }
  // A library that exists and cannot be mapped means a lack of memory.
  const library = /failed to map segment/.test(text)
    ? undefined
    : /error while loading shared libraries: ([^:\s]+)/.exec(text)?.[1];
  if (library !== undefined) {
    return `Chromium lacks the library ${library}: install the distribution's Chromium, which brings along what it needs (Debian: apt-get install chromium).`;
  }
  return ADVICE.find(([said]) => said.test(text))?.[1] ?? "Chromium did not start.";
}

/** Chromium's own messages, or else the reason why there are none. */
export function whatItSaid(cause: unknown): string {
  const said = saidLinesOf(cause);
  const lines = said.length > 0 ? said : String(cause).split("\n");
  return lines.slice(0, MAX_QUOTED_LINES).join("\n").slice(0, MAX_QUOTED_CHARACTERS);
}

/** Playwright repeats the whole command line several times. Chromium's own messages are a few lines of that. */
function saidLinesOf(cause: unknown): string[] {
  const lines = stripVTControlCharacters(String(cause)).split("\n");
  // The version is read without Playwright.
  if (!lines.some((line) => line.includes("[pid="))) return lines.slice(1);
  const said = lines.flatMap((line) => /\[pid=\d+\]\[err\] ?(.*)$/.exec(line)?.[1] ?? []);
  return said.filter((line) => line.trim() !== "");
}

function firstLineOf(cause: unknown): string {
  return String(cause).split("\n", 1)[0] ?? "";
}
