import { SETTINGS } from "../../src/config/settings.ts";
import { ACCESS } from "../../src/config/settings/access.ts";
import { BROWSER } from "../../src/config/settings/browser.ts";
import { PAGES } from "../../src/config/settings/pages.ts";
import { RECORDS } from "../../src/config/settings/records.ts";
import { REQUESTS } from "../../src/config/settings/requests.ts";
import { SIZES } from "../../src/config/settings/sizes.ts";
import { SETTING_MEANINGS, SETTING_UNITS } from "./chinese.ts";
import type { Language } from "./language.ts";

export type SettingName = keyof typeof SETTINGS;

const GROUPS: readonly { readonly table: object; readonly heading: Readonly<Record<Language, string>> }[] = [
  { table: ACCESS, heading: { en: "Accounts, keys and addresses", zh: "账号、密钥与地址" } },
  { table: REQUESTS, heading: { en: "Requests", zh: "请求" } },
  { table: PAGES, heading: { en: "Pages and browsers", zh: "页面与浏览器" } },
  { table: SIZES, heading: { en: "Sizes", zh: "大小" } },
  { table: RECORDS, heading: { en: "Records", zh: "记录" } },
  { table: BROWSER, heading: { en: "Chromium, web access and log", zh: "Chromium、网页访问与日志" } },
];

/** docs/settings.md */
export function settingsPage(language: Language): string {
  const groups = GROUPS.map(({ table, heading }) => {
    const rows = (Object.keys(table) as SettingName[]).map((name) => settingRow(name, language));
    return [`## ${heading[language]}`, "", TABLE_HEAD[language], "|---|---|---|---|", ...rows].join("\n");
  });
  const secrets = secretNames().map((name) => `\`${name}_FILE\``);
  return `${[INTRODUCTION[language](secrets), ...groups].join("\n\n")}\n`;
}

function secretNames(): readonly SettingName[] {
  return settingNames().filter((name) => "isSecret" in SETTINGS[name]);
}

export function settingNames(): readonly SettingName[] {
  return Object.keys(SETTINGS) as SettingName[];
}

function settingRow(name: SettingName, language: Language): string {
  const { default: byDefault, unit, doc } = SETTINGS[name];
  const cells =
    language === "en"
      ? [unit, doc]
      : [SETTING_UNITS[unit as keyof typeof SETTING_UNITS] ?? unit, SETTING_MEANINGS[name]];
  return `| ${[`\`${name}\``, byDefault ? `\`${byDefault}\`` : "", ...cells].join(" | ")} |`;
}

const TABLE_HEAD: Readonly<Record<Language, string>> = {
  en: "| name | default | unit | meaning |",
  zh: "| 名称 | 默认值 | 单位 | 含义 |",
};

const INTRODUCTION: Readonly<Record<Language, (secrets: readonly string[]) => string>> = {
  en: (secrets) => `<!-- Written by npm run docs from src/config/settings/. Edit the tables there. -->

# Settings

The gateway reads its settings from the environment and from \`.env\`. The start names all wrong values at once; the log names
misspelt settings.

- **Secrets from files.** Each secret can come from a file: ${secrets.join(", ")}.
- **\`SECRET_KEY\`.** If you set none, the key that encrypts \`STATE_DIR\` lies in that folder, so a copy of the folder can be
  read. \`npm run rotate-secret\` changes the key.
- **PostgreSQL.** Without \`DATABASE_URL\` the state is a SQLite file in \`STATE_DIR\`. To move it, stop the gateway, set
  \`DATABASE_URL\` and \`SECRET_KEY\`, and run \`npm run move-store -- postgres\`. \`npm run move-store -- sqlite\` copies it back. The
  target must be empty, and what was copied stays where it was. With \`DATABASE_URL\`, accounts of the settings and the file are
  taken over once; from then on they are changed in the console, on any replica.
- **\`.env\`.** npm and Docker Compose read it alike, with one exception: Compose replaces \`$\`. Put a value with \`$\`, or one of
  several lines, in single quotes.
- **Changes without a restart.** Edit \`CREDENTIALS_FILE\` (in a container, mount its folder, not the file), or edit the accounts
  in \`.env\` and send SIGHUP. Answers of other accounts continue. Other settings need a restart.
- **Accounts.** An account without an \`id\` is named after its sign-in. Give an account an \`id\` if you will replace its cookie and
  it should keep its history.
- **Proxies.** Chromium accepts http, https, socks5 and socks4 proxies, and passwords for the first two. Write special
  characters of a password as % codes. Only the proxy gets the password. An account's \`proxy\` comes before \`PROXY_URL\`; both
  come before \`--proxy-server\` and \`https_proxy\`.`,
  zh: (secrets) => `<!-- 由 npm run docs 根据 src/config/settings/ 与 scripts/docs/chinese.ts 生成，请在那里修改。 -->

# 设置

网关从环境变量和 \`.env\` 读取设置。启动时一次列出所有错误的值；拼错的名称写入日志。

- **机密来自文件**：每个机密都可以写在文件里：${secrets.join("、")}。
- **\`SECRET_KEY\`**：若未设置，加密 \`STATE_DIR\` 的密钥就放在该目录中，目录的副本可以被解读。\`npm run rotate-secret\` 更换密钥。
- **PostgreSQL**：未设置 \`DATABASE_URL\` 时，状态是 \`STATE_DIR\` 中的一个 SQLite 文件。迁移时请停止网关，设置 \`DATABASE_URL\` 与
  \`SECRET_KEY\`，再运行 \`npm run move-store -- postgres\`；\`npm run move-store -- sqlite\` 将其复制回来。目标必须为空，原处的内容保留。
  使用 \`DATABASE_URL\` 时，设置与文件中的账号只导入一次，此后在任一副本的控制台中修改。
- **\`.env\`**：npm 与 Docker Compose 的读法相同，只有 \`$\` 例外：Compose 会替换它。含 \`$\` 或跨多行的值请用单引号。
- **无需重启的修改**：编辑 \`CREDENTIALS_FILE\`（在容器中请挂载其所在目录，而不是文件本身），或修改 \`.env\` 中的账号后发送 SIGHUP。
  其他账号的回答不受影响。其余设置需要重启。
- **账号**：没有 \`id\` 的账号以其登录信息命名。如果以后要更换 cookie 而账号应保持不变，请为它写上 \`id\`。
- **代理**：Chromium 支持 http、https、socks5、socks4 代理，只有前两种可带密码。密码中的特殊字符写成 % 编码。密码只交给代理。
  账号的 \`proxy\` 优先于 \`PROXY_URL\`，两者都优先于 \`--proxy-server\` 和 \`https_proxy\`。`,
};
