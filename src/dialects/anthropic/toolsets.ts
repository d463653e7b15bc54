import type { JsonSchema, Tool } from "../../turn/ask.ts";

/**
 * Families of tools that one entry declares and the caller runs, `computer_toolset_20260801` and
 * `browser_toolset_20260801`: the members as Anthropic's SDK describes them. A call names its member and its toolset.
 */

interface Toolset {
  readonly name: "computer" | "browser";
  /** What each member does, and its parameters: the optional ones end in `?`. */
  readonly members: Readonly<Record<string, readonly [does: string, parameters: string]>>;
  readonly properties: Readonly<Record<string, JsonSchema>>;
}

const text = { type: "string" };
const number = { type: "number" };
const point = { type: "array", items: { type: "integer" }, description: "x and y in pixels." };
const region = { type: "array", items: { type: "integer" }, description: "x0, y0, x1 and y1 in pixels." };
const scroll = {
  scroll_direction: { type: "string", enum: ["up", "down", "left", "right"] },
  scroll_amount: { type: "integer", description: "Notches of the wheel." },
};
const repeat = { type: "integer", description: "How often; 1 if not given." };
const duration = { type: "number", description: "Seconds." };

const COMPUTER: Toolset = {
  name: "computer",
  members: {
    key: ["Press a key or a combination such as ctrl+s.", "text repeat?"],
    hold_key: ["Hold a key or a combination for a while.", "text duration"],
    type: ["Type text on the keyboard.", "text"],
    cursor_position: ["Tell where the cursor is.", ""],
    mouse_move: ["Move the cursor without a click.", "coordinate"],
    left_mouse_down: ["Press the left button where the cursor is.", ""],
    left_mouse_up: ["Release the left button.", ""],
    left_click: ["Click the left button, where the cursor is if no place is given.", "coordinate? text?"],
    left_click_drag: ["Drag from one place to another.", "start_coordinate coordinate text?"],
    right_click: ["Click the right button.", "coordinate? text?"],
    middle_click: ["Click the middle button.", "coordinate? text?"],
    double_click: ["Click the left button twice.", "coordinate? text?"],
    triple_click: ["Click the left button three times.", "coordinate? text?"],
    scroll: ["Turn the wheel.", "scroll_direction scroll_amount coordinate? text?"],
    wait: ["Wait for a while.", "duration"],
    screenshot: ["Take a screenshot.", ""],
    zoom: ["Take a screenshot of a part, enlarged.", "region"],
  },
  properties: { text, repeat, duration, coordinate: point, start_coordinate: point, region, ...scroll },
};

const BROWSER: Toolset = {
  name: "browser",
  members: {
    navigate: ["Go to a URL, or back, forward or reload.", "url tab_id?"],
    list_tabs: ["List the open tabs.", ""],
    new_tab: ["Open an empty tab.", ""],
    switch_tab: ["Make a tab the active one.", "tab_id"],
    close_tab: ["Close a tab.", "tab_id"],
    read_page: ["Read the page as a tree of elements with references.", "filter? depth? ref? tab_id?"],
    get_page_text: ["Read the page's text.", "tab_id?"],
    read_console: ["Read what the console said since last time.", "tab_id?"],
    read_network: ["Read which requests there were since last time.", "tab_id?"],
    find: ["Find elements by a description.", "query tab_id?"],
    form_input: ["Set the value of a form's element.", "target value tab_id?"],
    file_upload: ["Set the files of a file input.", "target paths? document_ids? tab_id?"],
    scroll_to: ["Scroll an element into view.", "target tab_id?"],
    screenshot: ["Take a screenshot of what is visible.", "tab_id?"],
    zoom: ["Take a screenshot of a part, enlarged.", "region tab_id?"],
    left_click: ["Click the left button.", "target modifiers? tab_id?"],
    right_click: ["Click the right button.", "target modifiers? tab_id?"],
    middle_click: ["Click the middle button.", "target modifiers? tab_id?"],
    double_click: ["Click the left button twice.", "target modifiers? tab_id?"],
    triple_click: ["Click the left button three times.", "target modifiers? tab_id?"],
    hover: ["Move the cursor there without a click.", "target tab_id?"],
    left_click_drag: ["Drag from one coordinate to another.", "from target tab_id?"],
    left_mouse_down: ["Press the left button at a coordinate.", "target tab_id?"],
    left_mouse_up: ["Release the left button at a coordinate.", "target tab_id?"],
    mouse_move: ["Move the cursor to a coordinate.", "target tab_id?"],
    scroll: ["Turn the wheel at a coordinate.", "target scroll_direction scroll_amount? tab_id?"],
    type: ["Type text where the focus is.", "text tab_id?"],
    key: ["Press a key, a combination such as ctrl+a, or several with spaces between.", "text repeat? tab_id?"],
    hold_key: ["Hold a key or a combination for a while.", "text duration tab_id?"],
    wait: ["Wait for a while.", "duration tab_id?"],
    javascript_exec: ["Run JavaScript in the page; the last expression is the result.", "text tab_id?"],
  },
  properties: {
    text,
    repeat,
    duration,
    region,
    ...scroll,
    url: text,
    query: text,
    tab_id: text,
    ref: text,
    modifiers: text,
    depth: number,
    filter: { type: "string", enum: ["all", "interactive"] },
    value: { type: ["string", "number", "boolean"] },
    paths: { type: "array", items: text },
    document_ids: { type: "array", items: text },
    from: { $ref: "#/$defs/target" },
    target: { $ref: "#/$defs/target" },
  },
};

/** An element that was read before, or a place in the viewport. */
const TARGET = {
  anyOf: [
    { type: "object", properties: { type: { const: "ref" }, ref: text }, required: ["type", "ref"] },
    {
      type: "object",
      properties: { type: { const: "coordinate" }, x: number, y: number },
      required: ["type", "x", "y"],
    },
  ],
};

/** The tools that a toolset declares, without those that the caller switched off; undefined for what is no toolset. */
export function toolsetOf(type: string, configs: unknown): readonly Tool[] | undefined {
  const family = /^(computer|browser)_toolset_\d{8}$/.exec(type)?.[1];
  if (family === undefined) return undefined;
  const { name: namespace, members, properties } = family === "computer" ? COMPUTER : BROWSER;
  return Object.entries(members)
    .filter(([name]) => !isOff(configs, name))
    .map(([name, [description, list]]) => {
      const parameters = parametersOf(list.split(" ").filter(Boolean), properties);
      return { kind: "function", name, namespace, description, parameters };
    });
}

function parametersOf(names: readonly string[], properties: Toolset["properties"]): JsonSchema {
  const used = names.map((name) => name.replace("?", ""));
  return {
    type: "object",
    properties: Object.fromEntries(used.map((name) => [name, properties[name]])),
    required: names.filter((name) => !name.endsWith("?")),
    ...(used.includes("target") && { $defs: { target: TARGET } }),
  };
}

function isOff(configs: unknown, member: string): boolean {
  const config: unknown = Reflect.get(Object(configs), member);
  return Reflect.get(Object(config), "enabled") === false;
}
