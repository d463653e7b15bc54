/** One turn of a conversation, in no dialect. */
export interface Turn {
  readonly role: "user" | "assistant";
  readonly text: string;
}

export interface Asked {
  readonly model: string;
  readonly system: string;
  readonly turns: readonly Turn[];
}

interface DialectRow {
  readonly label: string;
  readonly path: string;
  readonly bodyOf: (asked: Asked) => Readonly<Record<string, unknown>>;
  /** The text that an event of the stream adds. */
  readonly textOf: (event: StreamEvent) => string;
  /** The message of an event that tells a failure. */
  readonly failureOf: (event: StreamEvent) => string | undefined;
}

/** What the events of the three dialects may hold, as far as it is read here. */
export interface StreamEvent {
  readonly type?: string;
  readonly delta?: string | { readonly text?: string };
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
  readonly error?: { readonly message?: string };
  readonly response?: { readonly error?: { readonly message?: string } | null };
}

/** Anthropic's API demands a limit. */
const MOST_TOKENS = 4_096;

export const DIALECTS = {
  chat: {
    label: "Chat completions",
    path: "/v1/chat/completions",
    bodyOf: ({ model, system, turns }) => ({
      model,
      stream: true,
      messages: [...(system === "" ? [] : [{ role: "system", content: system }]), ...turns.map(messageOf)],
    }),
    textOf: ({ choices }) => choices?.[0]?.delta?.content ?? "",
    failureOf: ({ error }) => error?.message,
  },
  responses: {
    label: "Responses",
    path: "/v1/responses",
    bodyOf: ({ model, system, turns }) => ({
      model,
      stream: true,
      ...(system === "" ? {} : { instructions: system }),
      input: turns.map(messageOf),
    }),
    textOf: ({ type, delta }) => (type === "response.output_text.delta" && typeof delta === "string" ? delta : ""),
    failureOf: ({ type, error, response }) =>
      type === "error" || type === "response.failed" ? (response?.error?.message ?? error?.message ?? type) : undefined,
  },
  messages: {
    label: "Messages",
    path: "/v1/messages",
    bodyOf: ({ model, system, turns }) => ({
      model,
      stream: true,
      max_tokens: MOST_TOKENS,
      ...(system === "" ? {} : { system }),
      messages: turns.map(messageOf),
    }),
    textOf: ({ type, delta }) =>
      type === "content_block_delta" && typeof delta === "object" ? (delta.text ?? "") : "",
    failureOf: ({ type, error }) => (type === "error" ? (error?.message ?? type) : undefined),
  },
} as const satisfies Record<string, DialectRow>;

export type DialectName = keyof typeof DIALECTS;

function messageOf({ role, text }: Turn): { role: string; content: string } {
  return { role, content: text };
}
