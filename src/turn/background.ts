import type { Message } from "../chat.ts";

/**
 * Whether nobody watches for the answer: chat UIs ask for titles, tags and follow-ups behind their user's back. Their last
 * message tells; Open WebUI's begin with `### Task:`
 * (https://github.com/open-webui/open-webui/blob/main/backend/open_webui/config.py).
 */
export function isBackground(messages: readonly Message[], pattern: RegExp): boolean {
  const last = messages.at(-1);
  return last?.role === "user" && pattern.test(last.text);
}
