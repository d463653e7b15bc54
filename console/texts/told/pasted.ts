/** What the gateway makes of a pasted sign-in, and why it refuses a change of an account. */
export const PASTED = {
  "cookie {name} is left out: {told}": "未采用 Cookie {name}：{told}",
  "its name has characters that a cookie's name cannot have": "名称包含 Cookie 名称不允许的字符",
  "it proves a challenge solved by another browser, which this one solves itself":
    "它证明另一个浏览器通过了验证，而此浏览器会自己通过",
  "its value has control characters": "值中包含控制字符",
  "it has {bytes} bytes; a browser takes {limit}": "它有 {bytes} 字节，浏览器最多接受 {limit}",
  "it ran out on {date}": "已于 {date} 过期",
  "it is empty": "为空",
  "it belongs to another site than {host}": "它属于 {host} 以外的网站",
  "{count} more cookies are not listed here": "另有 {count} 个 Cookie 未在此列出",
  "its cookies hold no sign-in, and document.cookie never shows it: while signed in, copy the Cookie header of a request to the site from the Network tab of the developer tools":
    "其中没有登录信息，document.cookie 从不显示它：请在登录状态下，从开发者工具的“网络”面板复制发往该网站的请求的 Cookie 请求头",
  "Invalid 'credential': {told}.": "登录信息无效：{told}。",
  "expected a cookie that a browser takes: {told}": "需要浏览器接受的 Cookie：{told}",
  "expected cookies of {host}, found only cookies of other sites ({places})":
    "需要 {host} 的 Cookie，只找到其他网站的 Cookie（{places}）",
  "expected {told}, found {toldToo}": "需要{told}，却是{toldToo}",
  "a Cookie header (name=value; name=value), a curl command, a cookies.txt, or the JSON of a cookie export":
    "Cookie 请求头（name=value; name=value）、curl 命令、cookies.txt 或 Cookie 导出的 JSON",
  nothing: "空白",
  "a web page (HTML)": "网页（HTML）",
  "JSON that is not whole: a quote, a comma or a bracket is missing": "不完整的 JSON：缺少引号、逗号或括号",
  "a JSON list that is no list of cookies; accounts are added one by one":
    "不是 Cookie 列表的 JSON 列表；账号需逐个添加",
  "JSON without cookies": "没有 Cookie 的 JSON",
  "a curl command without a Cookie header": "没有 Cookie 请求头的 curl 命令",
  "a single word without a name: a cookie's value alone does not tell whose it is":
    "没有名称的单个值：仅凭 Cookie 的值无法知道它属于谁",
  "a text of {count} lines without name=value": "{count} 行没有 name=value 的文字",
  "Invalid 'id': expected {told}.": "名称无效：需要{told}。",
  "ASCII letters, digits and . _ @ -, 64 characters at most": "ASCII 字母、数字和 . _ @ -，最多 64 个字符",
  "There is no account with this id.": "没有这个名称的账号。",
  "There is an account {name} already, in {toldPlace}.": "{toldPlace}中已有账号 {name}。",
  "Account {name}, in {toldPlace}, has the same sign-in.": "{toldPlace}中的账号 {name} 使用相同的登录信息。",
  "Account {name} is of {toldPlace}: change it there.": "账号 {name} 来自{toldPlace}：请在那里修改。",
  "Here it can be disabled.": "在这里可以停用它。",
  "Account {name} was removed and finishes its answer; the id is free after that.":
    "账号 {name} 已移除，正在完成回答；之后该名称可再次使用。",
  "Invalid 'site': expected one of {names}.": "网站无效：需要以下之一：{names}。",
  "Nothing was changed: {told}": "没有任何更改：{told}",
  "the console": "控制台",
  GPTOMNI_CREDENTIALS: " GPTOMNI_CREDENTIALS ",
  CREDENTIALS_FILE: " CREDENTIALS_FILE ",
} as const;
