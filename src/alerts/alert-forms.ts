import type { AlertForm, AlertTarget } from "../config/alert-urls.ts";
import { isAlarm, textOf, type Notice } from "./notice.ts";

/** What is posted, and where. */
export interface AlertPost {
  readonly url: URL;
  readonly body: object;
}

const TITLE = "gptomni-gateway";
/** Telegram refuses longer texts; the other services cut them. */
const MAX_TEXT_CHARACTERS = 4_000;
const NTFY_HIGH = 4;
const NTFY_DEFAULT = 3;

/** One post for all notices, in the form that the service knows. */
export function postFor({ form, url }: AlertTarget, notices: readonly Notice[]): AlertPost {
  return FORMS[form](url, notices);
}

const FORMS: Readonly<Record<AlertForm, (url: URL, notices: readonly Notice[]) => AlertPost>> = {
  json: (url, notices) => ({ url, body: notices.length === 1 ? (notices[0] ?? {}) : { notices } }),

  /** https://docs.ntfy.sh/publish/#publish-as-json: to the server's root, since headers carry no text of other languages. */
  ntfy: (url, notices) => {
    const slash = url.pathname.lastIndexOf("/");
    const root = new URL(url);
    root.pathname = url.pathname.slice(0, slash + 1);
    const isUrgent = notices.some(isAlarm);
    return {
      url: root,
      body: {
        topic: decodeURIComponent(url.pathname.slice(slash + 1)),
        title: TITLE,
        message: linesOf(notices),
        priority: isUrgent ? NTFY_HIGH : NTFY_DEFAULT,
        tags: [isUrgent ? "warning" : "information_source"],
      },
    };
  },

  /** https://api.slack.com/reference/surfaces/formatting#escaping: nothing in the text may become a link or a mention. */
  slack: (url, notices) => {
    const escaped = linesOf(notices).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return { url, body: { text: `${TITLE}: ${escaped}` } };
  },

  /** https://core.telegram.org/bots/api#sendmessage: as plain text. The query's fields, such as the chat, belong to the body. */
  telegram: (url, notices) => {
    const bare = new URL(url);
    bare.search = "";
    return { url: bare, body: { ...Object.fromEntries(url.searchParams), text: `${TITLE}: ${linesOf(notices)}` } };
  },
};

function linesOf(notices: readonly Notice[]): string {
  return notices.map(textOf).join("\n").slice(0, MAX_TEXT_CHARACTERS);
}
