import type { Conversation } from "../chat.ts";

/** What a caller of any dialect wants of one turn. A web chat takes text and gives text; the rest is emulated over it. */
export interface Ask {
  readonly chat: Conversation;
  /** What the model may call; empty when it may call nothing. */
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  /** Whether one turn may hold several calls. */
  readonly parallelToolCalls: boolean;
  readonly format: Format;
  /** The answer ends before the first of these; none is empty. */
  readonly stop: readonly string[];
  /** The answer ends after so many tokens of o200k_base. */
  readonly maxTokens: number | undefined;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Tool {
  /** A function takes JSON by its schema, a custom tool any text. */
  readonly kind: "function" | "custom";
  /** Unique within its namespace. */
  readonly name: string;
  /** The group that the tool belongs to, where there is one, e.g. the MCP server. */
  readonly namespace?: string;
  readonly description: string | undefined;
  /** Of a function's arguments; undefined when it takes none or says nothing about them. */
  readonly parameters: JsonSchema | undefined;
  /** Whether the caller was promised that the arguments meet the schema. Other calls are passed on as they are. */
  readonly isStrict?: boolean;
  /** Where the caller gave the parameters, e.g. `tools[0].function.parameters`. */
  readonly param?: string;
}

/** auto: as the model sees fit · required: some call · a name: this call */
export type ToolChoice = "auto" | "required" | ToolName;

export interface ToolName {
  readonly name: string;
  readonly namespace?: string;
}

export type Format =
  | { readonly type: "text" }
  | { readonly type: "json_object" }
  | {
      readonly type: "json_schema";
      readonly name: string;
      readonly schema: JsonSchema;
      /** Where the caller gave the schema, e.g. `response_format.json_schema.schema`. */
      readonly param?: string;
    };

/** What an answer is made of: any number of deltas and calls, then one `end`. */
export type AnswerPart =
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string }
  | ToolCallPart
  | {
      readonly type: "end";
      readonly finishReason: AnswerEnd;
      /** Which of the stop sequences ended it, if one did. */
      readonly stopSequence?: string;
    };

/** One whole call. A call is known to be one only when its last character came, so it is never split. */
export interface ToolCallPart {
  readonly type: "tool-call";
  /** `call_` and 24 random characters. */
  readonly id: string;
  readonly kind: Tool["kind"];
  readonly name: string;
  /** That of the tool. */
  readonly namespace?: string;
  /** JSON text, or a custom tool's input as it stands. */
  readonly arguments: string;
}

export type AnswerEnd = "stop" | "length" | "content_filter" | "tool_calls";
