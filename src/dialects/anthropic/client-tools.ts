import type { JsonSchema } from "../../turn/ask.ts";

/**
 * The tools that callers run and Anthropic's models know by a dated type, so that a request holds no schema of them:
 * https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/overview
 */
export interface ClientTool {
  /** What it is called where the request does not say. */
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

type Options = Readonly<Record<string, unknown>>;

/** The tool of a dated type such as `bash_20250124`; undefined for what is no such tool. */
export function clientToolOf(type: string, options: Options): ClientTool | undefined {
  const [, family, date = "0"] = /^(bash|text_editor|computer|memory)_(\d{8})$/.exec(type) ?? [];
  if (family === "bash") return BASH;
  if (family === "memory") return MEMORY;
  if (family === "text_editor") return textEditor(Number(date));
  return family === "computer" ? computer(Number(date), options) : undefined;
}

const text = (description: string): JsonSchema => ({ type: "string", description });
const integer = (description: string): JsonSchema => ({ type: "integer", description });
const numbers = (description: string): JsonSchema => ({ type: "array", items: { type: "integer" }, description });

function parameters(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): JsonSchema {
  return { type: "object", properties, required };
}

const BASH: ClientTool = {
  name: "bash",
  description: "Runs a command in a bash shell that stays open between calls.",
  parameters: parameters(
    { command: text("The command to run."), restart: { type: "boolean", description: "True starts the shell anew." } },
    [],
  ),
};

/** What the editor and the memory have in common. */
const FILE_EDITS = {
  path: text("The absolute path."),
  file_text: text("Of create: the whole text of the file."),
  old_str: text("Of str_replace: the text to replace, exactly as it stands once in the file."),
  insert_line: integer("Of insert: the line to insert behind; 0 is the beginning."),
  insert_text: text("Of insert: the text to insert."),
  view_range: numbers("Of view: the first and the last line; -1 is the end."),
};

function textEditor(date: number): ClientTool {
  const isOlder = date < 20250429;
  const commands = ["view", "create", "str_replace", "insert", ...(isOlder ? ["undo_edit"] : [])];
  const { insert_text: _newer, ...older } = FILE_EDITS;
  return {
    name: isOlder ? "str_replace_editor" : "str_replace_based_edit_tool",
    description: "Shows, creates and edits files. A folder's view lists its files.",
    parameters: parameters(
      {
        command: { type: "string", enum: commands },
        ...(date < 20250728 ? older : FILE_EDITS),
        new_str: text(`Of str_replace: the new text.${date < 20250728 ? " Of insert: the text to insert." : ""}`),
      },
      ["command", "path"],
    ),
  };
}

const MEMORY: ClientTool = {
  name: "memory",
  description: "Keeps notes in files under /memories that outlive the conversation. Look there before you begin.",
  parameters: parameters(
    {
      command: { type: "string", enum: ["view", "create", "str_replace", "insert", "delete", "rename"] },
      ...FILE_EDITS,
      new_str: text("Of str_replace: the new text."),
      old_path: text("Of rename: the path as it is."),
      new_path: text("Of rename: the path as it is to be."),
    },
    ["command"],
  ),
};

const ACTIONS = [
  "key",
  "type",
  "mouse_move",
  "left_click",
  "left_click_drag",
  "right_click",
  "middle_click",
  "double_click",
  "screenshot",
  "cursor_position",
];
const LATER_ACTIONS = ["hold_key", "left_mouse_down", "left_mouse_up", "triple_click", "scroll", "wait"];

function computer(date: number, options: Options): ClientTool {
  const { display_width_px: width, display_height_px: height } = options;
  const display = typeof width === "number" && typeof height === "number" ? ` of ${width} by ${height} pixels` : "";
  const hasZoom = options["enable_zoom"] === true;
  return {
    name: "computer",
    description: `Moves the mouse, presses keys and takes screenshots on a display${display}.`,
    parameters: parameters(
      {
        action: {
          type: "string",
          enum: [...ACTIONS, ...(date < 20250124 ? [] : LATER_ACTIONS), ...(hasZoom ? ["zoom"] : [])],
        },
        coordinate: numbers("x and y in pixels from the upper left corner."),
        start_coordinate: numbers("Of left_click_drag: where to begin."),
        text: text("Of type: the text. Of key and hold_key: the keys, such as ctrl+s. Of clicks: keys to hold."),
        duration: { type: "number", description: "Of hold_key and wait: seconds." },
        scroll_direction: { type: "string", enum: ["up", "down", "left", "right"] },
        scroll_amount: integer("Of scroll: notches of the wheel."),
        ...(hasZoom && { region: numbers("Of zoom: x0, y0, x1 and y1.") }),
      },
      ["action"],
    ),
  };
}
