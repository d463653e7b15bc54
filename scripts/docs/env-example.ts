import { SETTINGS } from "../../src/config/settings.ts";
import { settingNames, type SettingName } from "./settings-page.ts";

/** The settings that everybody looks at first: they are not commented out. */
const FIRST: ReadonlySet<SettingName> = new Set(["GPTOMNI_CREDENTIALS", "API_MASTER_KEY"]);

/** .env.example */
export function envExample(): string {
  const rest = settingNames().filter((name) => !FIRST.has(name));
  return `${[HEAD, ...rest.map(lines)].join("\n")}\n`;
}

function lines(name: SettingName): string {
  const { doc, unit, default: byDefault } = SETTINGS[name];
  return `# ${doc}${unit ? ` (${unit})` : ""}\n# ${name}=${byDefault ?? ""}`;
}

const HEAD = `# Copy this file to .env and edit it: install -m 600 .env.example .env
# It has every setting; docs/settings.md explains them. It is written by npm run docs.
# Put values with a $, and values of several lines, in single quotes.

# A JSON list with one item per account: the Cookie header of a signed-in browser tab, or {"id","cookie"} to name the account:
# '["name=value; …",{"id":"family","cookie":"name=value; …"}]'
GPTOMNI_CREDENTIALS=[]
# If empty, the gateway makes a key at the first start, keeps it in STATE_DIR and prints it once.
API_MASTER_KEY=
`;
