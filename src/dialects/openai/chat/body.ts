import { messagesOf } from "./input.ts";

/**
 * Chat bodies in the shapes that clients of other servers send, in OpenAI's own: Cursor posts bodies of the Responses
 * API and Anthropic's tools (https://github.com/BerriAI/litellm/issues/12098), others a JSON schema as vLLM, llama.cpp,
 * Together or TGI take it. What is OpenAI's own stays as it is, so its errors name what the caller wrote.
 */

type Fields = Readonly<Record<string, unknown>>;

export interface ChatBody {
  readonly body: unknown;
  /** Where the caller gave the schema of the answer, if there is one. */
  readonly schemaParam: string;
}

export function asChatBody(given: unknown): ChatBody {
  const schemaParam = "response_format.json_schema.schema";
  const body = fieldsOf(given);
  if (!body) return { body: given, schemaParam };
  const { messages, input, tools, tool_choice: choice, max_output_tokens: limit } = body;
  const found = formatOf(body);
  const isSerial = fieldsOf(choice)?.["disable_parallel_tool_use"] === true;
  return {
    body: {
      ...body,
      ...(messages === undefined && { messages: messagesOf(input) }),
      ...(Array.isArray(tools) && { tools: tools.map(asTool) }),
      ...(choice !== undefined && { tool_choice: asChoice(choice) }),
      ...(isSerial && { parallel_tool_calls: false }),
      ...(typeof limit === "number" && { max_completion_tokens: body["max_completion_tokens"] ?? limit }),
      ...(found && { response_format: found.format }),
    },
    schemaParam: found?.param ?? schemaParam,
  };
}

/** A tool by its name and schema, whatever its type says; one that has neither is the provider's. */
function asTool(given: unknown): unknown {
  const tool = fieldsOf(given);
  if (!tool) return given;
  const { type, name, description, strict, format } = tool;
  const parameters = fieldsOf(tool["parameters"]) ?? fieldsOf(tool["input_schema"]);
  if (fieldsOf(tool["function"])) return { ...tool, type: "function" };
  if (fieldsOf(tool["custom"])) return { ...tool, type: "custom" };
  if (typeof name !== "string") return given;
  if (type === "custom" && !parameters) return { type, custom: { name, description, format } };
  const isFunction = type === undefined || type === "function" || parameters;
  return isFunction ? { type: "function", function: { name, description, parameters, strict } } : given;
}

function asChoice(given: unknown): unknown {
  if (given === "any") return "required";
  const choice = fieldsOf(given);
  if (!choice) return given;
  const { type, name } = choice;
  if (type === "any") return "required";
  if (type === "auto" || type === "none" || type === "required") return type;
  if (type === "allowed_tools" && !choice["allowed_tools"]) {
    const { mode, tools } = choice;
    return { type, allowed_tools: { mode, tools: Array.isArray(tools) ? tools.map(asChoice) : tools } };
  }
  if (typeof name !== "string") return type === undefined ? { ...choice, type: "function" } : given;
  return type === "custom" ? { type, custom: { name } } : { type: "function", function: { name } };
}

interface FoundFormat {
  readonly format: unknown;
  readonly param: string;
}

/** The answer's form, where it is asked for otherwise than OpenAI's API does. */
function formatOf(body: Fields): FoundFormat | undefined {
  const asked = fieldsOf(body["response_format"]);
  if (asked && asked["type"] !== "text") return otherFormat(asked, "response_format");
  const text = fieldsOf(fieldsOf(body["text"])?.["format"]);
  if (text) return otherFormat(text, "text.format") ?? { format: text, param: "text.format" };
  const schemas: readonly [param: string, value: unknown][] = [
    ["guided_json", body["guided_json"]],
    ["structured_outputs.json", fieldsOf(body["structured_outputs"])?.["json"]],
    ["json_schema", body["json_schema"]],
    ["format", body["format"]],
  ];
  for (const [param, value] of schemas) {
    if (value === "json" && param === "format") return { format: { type: "json_object" }, param };
    const schema = fieldsOf(value);
    if (schema) return { format: named(fieldsOf(schema["schema"]) ?? schema), param };
  }
  return undefined;
}

function otherFormat(format: Fields, param: string): FoundFormat | undefined {
  const { type, name, strict } = format;
  if (type !== "json_object" && type !== "json_schema" && type !== "json") return undefined;
  for (const key of ["schema", "value"]) {
    const schema = fieldsOf(format[key]);
    if (schema) return { format: named(schema, name, strict), param: `${param}.${key}` };
  }
  const inner = fieldsOf(format["json_schema"]);
  const schema = fieldsOf(inner?.["schema"]);
  if (inner && schema && !(type === "json_schema" && "name" in inner)) {
    return { format: named(schema, inner["name"], inner["strict"]), param: `${param}.json_schema.schema` };
  }
  if (inner && !schema && !("name" in inner) && SCHEMA_KEYS.some((key) => key in inner)) {
    return { format: named(inner), param: `${param}.json_schema` };
  }
  return type === "json" ? { format: { type: "json_object" }, param } : undefined;
}

const SCHEMA_KEYS = ["type", "properties", "items", "enum", "anyOf", "oneOf", "allOf", "$ref"];

function named(schema: Fields, name?: unknown, strict?: unknown): Fields {
  return { type: "json_schema", json_schema: { name: name ?? "response", schema, strict } };
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}
