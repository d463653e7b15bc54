import { alertUrls, quietHours } from "../alert-urls.ts";
import { accounts } from "../../credentials/configured-account.ts";
import {
  days,
  headerKey,
  namedKeys,
  origin,
  proxyUrl,
  secretKey,
  seconds,
  setting,
  text,
  wholeNumber,
} from "../parsers.ts";

/** Whose accounts, who may call, and where everything is. */
export const ACCESS = {
  GPTOMNI_CREDENTIALS: setting({
    parse: accounts,
    default: undefined,
    unit: "JSON",
    isSecret: true,
    doc: 'The accounts: a JSON list of cookies, or of {"id","cookie","proxy"}. A cookie may have any form that browsers and exports give it.',
  }),
  API_MASTER_KEY: setting({
    parse: headerKey,
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "The key that clients send. Without it, the gateway makes one at the first start, keeps it in STATE_DIR and prints it once.",
  }),
  API_KEYS: setting({
    parse: namedKeys,
    default: "",
    unit: "",
    isSecret: true,
    doc: "More keys, as name=key, separated by spaces. Waiting requests are served in turn by key; the log shows the key's name.",
  }),
  ADMIN_KEY: setting({
    parse: headerKey,
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "The operator's key, for /metrics and /admin/api. Without it, the gateway makes one, as it does for API_MASTER_KEY.",
  }),
  METRICS_KEY: setting({
    parse: text.min(1),
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "A key that opens /metrics and nothing else, for Prometheus.",
  }),
  API_REQUEST_TIMEOUT: setting({
    parse: seconds(1, 3_600),
    default: "900",
    unit: "s",
    doc: "Time limit until an answer begins. Without streaming, the limit for the whole answer.",
  }),
  HOST: setting({
    parse: text.min(1),
    default: "127.0.0.1",
    unit: "",
    doc: "Address to listen on. The container image sets 0.0.0.0.",
  }),
  PORT: setting({
    parse: wholeNumber(0, 65_535),
    default: "8088",
    unit: "",
    doc: "Port to listen on. 0 takes any free port.",
  }),
  CREDENTIALS_FILE: setting({
    parse: text.min(1),
    default: undefined,
    unit: "",
    doc: "A file with the accounts, in place of GPTOMNI_CREDENTIALS. The gateway watches it: changes take effect at once.",
  }),
  KEEP_REMOVED_DAYS: setting({
    parse: days(0, 3_650),
    default: "30",
    unit: "days",
    doc: "How long the stored sign-in of a removed account is kept, in case the account comes back.",
  }),
  SECRET_KEY: setting({
    parse: secretKey,
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "Encrypts the cookies in STATE_DIR. Without it, the gateway makes one at the first start and keeps it there.",
  }),
  ALERT_URL: setting({
    parse: alertUrls,
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "Who is told when an account needs a person, when it works again, and when its sign-in will end: URLs separated by spaces, of ntfy, Slack, Mattermost, Telegram or any server that takes JSON.",
  }),
  ALERT_QUIET_HOURS: setting({
    parse: quietHours,
    default: undefined,
    unit: "",
    doc: "Local time in which alerts wait until it is over, e.g. 22:00-07:00. Accounts that need a person are told all the same; with 22:00-07:00 all they wait too.",
  }),
  ALERT_EXPIRY_DAYS: setting({
    parse: days(0, 365),
    default: "3",
    unit: "days",
    doc: "How long before a sign-in ends it is told, unless the site renews it. 0 tells nothing.",
  }),
  STATE_DIR: setting({
    parse: text.min(1),
    default: "./state",
    unit: "",
    doc: "Folder for everything that must survive a restart.",
  }),
  GPTOMNI_ORIGIN: setting({ parse: origin, default: "https://gptomni.ai", unit: "", doc: "The site's origin." }),
  PROXY_URL: setting({
    parse: proxyUrl,
    default: undefined,
    unit: "",
    isSecret: true,
    doc: "The proxy of every account that has none of its own, as http://user:password@host:port. SOCKS5 takes no password.",
  }),
} as const;
