import { z } from "zod";
import { text, words } from "./parsers.ts";

/** How a service wants to be told: `json` is the gateway's own form. Mattermost takes Slack's. */
export const ALERT_FORMS = ["json", "ntfy", "slack", "telegram"] as const;
export type AlertForm = (typeof ALERT_FORMS)[number];

/** Where alerts go. User and password of the URL become a header, because fetch refuses a URL with them. */
export interface AlertTarget {
  readonly form: AlertForm;
  readonly url: URL;
  readonly authorization: string | undefined;
}

/** Hosts whose form is certain. */
const FORM_OF_HOST: Readonly<Record<string, AlertForm>> = {
  "ntfy.sh": "ntfy",
  "hooks.slack.com": "slack",
  "api.telegram.org": "telegram",
};

/** URLs separated by spaces. Its form may stand before each: `ntfy+https://ntfy.example/topic`. */
export const alertUrls = words.transform((given, context): readonly AlertTarget[] => {
  const targets = given.map(targetOf);
  const problem = targets.find((target) => typeof target === "string");
  if (problem === undefined) return targets.filter((target) => typeof target !== "string");
  context.addIssue(problem);
  return z.NEVER;
});

/** The target, or what was expected. */
function targetOf(given: string): AlertTarget | string {
  const [, named, address = ""] = /^(?:(\w+)\+)?(.*)$/s.exec(given) ?? [];
  const url = URL.parse(address);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) return "http or https URLs";
  const form =
    ALERT_FORMS.find((one) => one === named) ?? (named === undefined ? FORM_OF_HOST[url.hostname] : undefined);
  if (form === undefined && named !== undefined) return `forms of ${ALERT_FORMS.join(", ")} before the URLs`;
  if (form === "telegram" && !isTelegram(url)) {
    return "a Telegram URL such as https://api.telegram.org/botTOKEN/sendMessage?chat_id=ID";
  }
  if (form === "ntfy" && !/^\/.*[^/]$/.test(url.pathname))
    return "an ntfy URL with a topic such as https://ntfy.sh/TOPIC";
  return { form: form ?? "json", ...withoutUser(url) };
}

function isTelegram({ pathname, searchParams }: URL): boolean {
  return /^\/bot[^/]+\/sendMessage$/.test(pathname) && searchParams.has("chat_id");
}

function withoutUser(url: URL): Omit<AlertTarget, "form"> {
  if (url.username + url.password === "") return { url, authorization: undefined };
  const userInfo = [url.username, url.password].map(decoded).join(":");
  url.username = "";
  url.password = "";
  return { url, authorization: `Basic ${Buffer.from(userInfo).toString("base64")}` };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** When nobody wants to be woken, in local time. */
export interface QuietHours {
  /** Minutes since midnight. The second may be the smaller one: the night goes on after midnight. */
  readonly from: number;
  readonly to: number;
  /** Also for accounts that need a person. */
  readonly isForAll: boolean;
}

const EXPECTED_HOURS = "hours such as 22:00-07:00, with `all` after them to hold back every alert";

export const quietHours = text.transform((value, context): QuietHours => {
  const match = /^\s*(\d\d?):(\d\d)-(\d\d?):(\d\d)(\s+all)?\s*$/.exec(value);
  const [fromHour = 99, fromMinute = 99, toHour = 99, toMinute = 99] = match?.slice(1, 5).map(Number) ?? [];
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  if (Math.max(fromHour, toHour) < 24 && Math.max(fromMinute, toMinute) < 60 && from !== to) {
    return { from, to, isForAll: match?.[5] !== undefined };
  }
  context.addIssue(EXPECTED_HOURS);
  return z.NEVER;
});
