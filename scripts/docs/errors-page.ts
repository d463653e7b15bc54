import { ERRORS, type ErrorCode } from "../../src/errors.ts";
import { ERROR_MEANINGS } from "./chinese.ts";
import type { Language } from "./language.ts";

/** docs/errors.md */
export function errorsPage(language: Language): string {
  const rows = Object.entries(ERRORS).map(([code, { status, failover, clientRetry, meaning }]) => {
    const said = language === "en" ? meaning : ERROR_MEANINGS[code as ErrorCode];
    return `| ${[`\`${code}\``, status, failover ? "✓" : "", clientRetry ? "✓" : "", said].join(" | ")} |`;
  });
  return `${INTRODUCTION[language]}\n\n${[TABLE_HEAD[language], ...rows].join("\n")}\n`;
}

const TABLE_HEAD: Readonly<Record<Language, string>> = {
  en: "| code | status | another account | retry | meaning |\n|---|--:|:-:|:-:|---|",
  zh: "| 代码 | 状态 | 换账号 | 重试 | 含义 |\n|---|--:|:-:|:-:|---|",
};

const INTRODUCTION: Readonly<Record<Language, string>> = {
  en: `<!-- Written by npm run docs from src/errors.ts. Edit the table there. -->

# Errors

OpenAI's APIs answer an error as \`{"error":{"message","type","param","code"}}\`, Anthropic's as
\`{"type":"error","error":{"type","message"},"request_id"}\`. The \`code\` is the first column. Once an answer has begun, the error is an
event in the stream.

- **Another account**: the gateway first tries another account, as long as nothing was sent to the client.
- **Retry**: the header \`x-should-retry\` tells SDKs to repeat the request. \`Retry-After\` says when, if the gateway knows it.

What the client gets for each of a hundred faults: [faults.md](faults.md).`,
  zh: `<!-- 由 npm run docs 根据 src/errors.ts 与 scripts/docs/chinese.ts 生成，请在那里修改。 -->

# 错误

OpenAI 接口的错误格式为 \`{"error":{"message","type","param","code"}}\`，Anthropic 接口为
\`{"type":"error","error":{"type","message"},"request_id"}\`。第一列即 \`code\`。回答已经开始之后，错误以流中的事件给出。

- **换账号**：只要尚未向客户端发送任何内容，网关会先尝试另一个账号。
- **重试**：\`x-should-retry\` 头告诉 SDK 重发请求；网关若知道何时可行，\`Retry-After\` 会给出时间。

一百种故障中客户端各得到什么：[faults.md](faults.md)。`,
};
