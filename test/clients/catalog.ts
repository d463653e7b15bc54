import { CLAUDE_CODE } from "./apps/claude-code.ts";
import { CLINE } from "./apps/cline.ts";
import { CODEX } from "./apps/codex.ts";
import { CONTINUE } from "./apps/continue.ts";
import { LANGGRAPH } from "./apps/langgraph.ts";
import { OPENAI_AGENTS } from "./apps/openai-agents.ts";
import { OPENCODE } from "./apps/opencode.ts";
import { PI } from "./apps/pi.ts";
import { PROMPTFOO } from "./apps/promptfoo.ts";
import { QWEN_CODE } from "./apps/qwen-code.ts";
import type { Client } from "./client.ts";

/** Every row of the table in docs/clients.md. */
export const CLIENTS: readonly Client[] = [
  ...CLAUDE_CODE,
  ...CODEX,
  ...OPENCODE,
  QWEN_CODE,
  ...CONTINUE,
  CLINE,
  ...PI,
  ...OPENAI_AGENTS,
  ...LANGGRAPH,
  ...PROMPTFOO,
];
