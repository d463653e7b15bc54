import type { JsonSchema } from "../../../turn/ask.ts";
import type { CallForm } from "./call-form.ts";
import { isFields, textField } from "./content.ts";
import type { OtherTool } from "./tool-schema.ts";

/** A tool whose type is neither `function` nor `custom`, as the model gets it. */
export interface BuiltInTool {
  readonly name: string;
  readonly description: string | undefined;
  readonly parameters: JsonSchema;
  readonly isStrict: boolean;
  readonly form: CallForm;
}

const text = { type: "string" };
/** Models write null for optional properties. */
const optionalText = { type: ["string", "null"] };
const optionalCount = { type: ["integer", "null"], minimum: 0 };

const LOCAL_SHELL: BuiltInTool = {
  name: "local_shell",
  description: "Runs a command on the user's machine and returns what it prints.",
  parameters: {
    type: "object",
    properties: {
      command: { type: "array", items: text, minItems: 1, description: "The program and its arguments." },
      working_directory: optionalText,
      timeout_ms: optionalCount,
      env: { type: ["object", "null"], additionalProperties: text },
      user: optionalText,
    },
    required: ["command"],
  },
  isStrict: true,
  form: "local_shell_call",
};

const SHELL: BuiltInTool = {
  name: "shell",
  description: "Runs commands in a shell on the user's machine and returns what each prints and how it ends.",
  parameters: {
    type: "object",
    properties: {
      commands: { type: "array", items: text, minItems: 1, description: "Command lines." },
      timeout_ms: optionalCount,
      max_output_length: { ...optionalCount, description: "In characters, for each command." },
    },
    required: ["commands"],
  },
  isStrict: true,
  form: "shell_call",
};

const DIFF = { ...text, description: "In the V4A diff format; all lines of a new file begin with '+'." };

const APPLY_PATCH: BuiltInTool = {
  name: "apply_patch",
  description: "Creates, changes or deletes one file of the user's.",
  parameters: {
    type: "object",
    properties: {
      operation: {
        type: "object",
        properties: { type: { enum: ["create_file", "update_file", "delete_file"] }, path: text, diff: DIFF },
        required: ["type", "path"],
        if: { properties: { type: { const: "delete_file" } } },
        else: { required: ["diff"] },
      },
    },
    required: ["operation"],
  },
  isStrict: true,
  form: "apply_patch_call",
};

const ACTION = {
  type: "object",
  properties: {
    type: { enum: ["click", "double_click", "drag", "keypress", "move", "screenshot", "scroll", "type", "wait"] },
    button: { enum: ["left", "right", "wheel", "back", "forward"] },
    x: { type: "integer" },
    y: { type: "integer" },
    scroll_x: { type: "integer" },
    scroll_y: { type: "integer" },
    keys: { type: "array", items: text },
    path: {
      type: "array",
      items: {
        type: "object",
        properties: { x: { type: "integer" }, y: { type: "integer" } },
        required: ["x", "y"],
      },
    },
    text,
  },
  required: ["type"],
};

/** Undefined for tools that the provider runs. A shell is the caller's unless it names a container. */
export function builtInTool(given: OtherTool): BuiltInTool | undefined {
  switch (given.type) {
    case "local_shell":
      return LOCAL_SHELL;
    case "shell":
      return isLocal(given["environment"]) ? SHELL : undefined;
    case "apply_patch":
      return APPLY_PATCH;
    case "computer":
    case "computer_use":
      return computer(given, { actions: { type: "array", items: ACTION, minItems: 1 } });
    case "computer_use_preview":
      return computer(given, { action: ACTION });
    case "tool_search":
      return given["execution"] === "client" ? toolSearch(given) : undefined;
    default:
      return namedTool(given);
  }
}

function computer(given: OtherTool, properties: JsonSchema): BuiltInTool {
  const { environment, display_width: width, display_height: height } = given;
  const about = [
    "Acts on the user's screen. Screenshots are not shown to you.",
    typeof environment === "string" ? `The environment is ${environment}.` : "",
    typeof width === "number" && typeof height === "number" ? `The screen has ${width} by ${height} pixels.` : "",
  ];
  return {
    name: "computer",
    description: about.filter((sentence) => sentence !== "").join(" "),
    parameters: { type: "object", properties, required: Object.keys(properties) },
    isStrict: true,
    form: "computer_call",
  };
}

const SEARCH_PARAMETERS = { type: "object", properties: { query: text }, required: ["query"] };

function toolSearch(given: OtherTool): BuiltInTool {
  return {
    name: "tool_search",
    description: textField(given, "description") ?? "Finds more tools. Those that it finds can be called afterwards.",
    parameters: isFields(given["parameters"]) ? given["parameters"] : SEARCH_PARAMETERS,
    isStrict: false,
    form: "tool_search_call",
  };
}

/** An unknown type is the caller's if it has a name and a schema; the provider's own tools take no schema. */
function namedTool(given: OtherTool): BuiltInTool | undefined {
  if (PROVIDER_TYPES.test(given.type)) return undefined;
  const schema = given["parameters"] ?? given["input_schema"];
  const isCallers = given["execution"] === "client" || isFields(schema);
  const name = textField(given, "name") ?? (given["execution"] === "client" ? given.type : undefined);
  if (!isCallers || name === undefined) return undefined;
  return {
    name,
    description: textField(given, "description"),
    parameters: isFields(schema) ? schema : { type: "object" },
    isStrict: given["strict"] === true,
    form: "function_call",
  };
}

const PROVIDER_TYPES = /^(?:web_search|file_search|code_interpreter|image_generation|mcp$|programmatic_tool_calling)/;

function isLocal(environment: unknown): boolean {
  return (
    environment === null || environment === undefined || (isFields(environment) && environment["type"] === "local")
  );
}
