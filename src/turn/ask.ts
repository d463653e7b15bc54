import type { Conversation } from "../chat.ts";

/** What a caller wants of one turn, in no dialect. A web chat takes and gives text; everything else is emulated over text. */
export interface Ask {
  readonly chat: Conversation;
  /** The tools that the model may call; empty if it may call none. */
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  /** Whether one turn may hold several calls. */
  readonly parallelToolCalls: boolean;
  readonly format: Format;
  /** The answer ends before the first of these; none is empty. */
  readonly stop: readonly string[];
  /** The answer ends after this many tokens of o200k_base. */
  readonly maxTokens: number | undefined;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Tool {
  /** A function takes JSON that meets its schema; a custom tool takes any text. */
  readonly kind: "function" | "custom";
  /** Unique within its namespace. */
  readonly name: string;
  /** The group that the tool belongs to, if any, e.g. the MCP server. */
  readonly namespace?: string;
  readonly description: string | undefined;
  /** The schema of a function's arguments; undefined if it takes none or does not describe them. */
  readonly parameters: JsonSchema | undefined;
  /** Whether the API promises that the arguments meet the schema. Other calls are passed on as the model wrote them. */
  readonly isStrict?: boolean;
  /** Where the request has the parameters, e.g. `tools[0].function.parameters`. */
  readonly param?: string;
}

/** auto: the model decides · required: at least one call · a name: a call of this tool */
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
      /** Where the request has the schema, e.g. `response_format.json_schema.schema`. */
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
      /** The stop sequence that ended it, if one did. */
      readonly stopSequence?: string;
    };

/** One whole call. Only its last character shows that it is a call, so it is never split. */
export interface ToolCallPart {
  readonly type: "tool-call";
  /** `call_` and 24 random characters. */
  readonly id: string;
  readonly kind: Tool["kind"];
  readonly name: string;
  /** The tool's namespace. */
  readonly namespace?: string;
  /** JSON text, or a custom tool's input as written. */
  readonly arguments: string;
}

export type AnswerEnd = "stop" | "length" | "content_filter" | "tool_calls";
