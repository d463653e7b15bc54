import { z } from "zod";

/** Tools and the choice among them, as https://platform.openai.com/docs/api-reference/responses/create names them. */

/** As OpenAI allows it. */
const toolName = z.string().regex(/^[\w-]{1,128}$/, "a name has 1 to 128 letters, digits, underscores or dashes");
const description = z.string().nullish();

const functionTool = z.object({
  type: z.literal("function"),
  name: toolName,
  description,
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

const customTool = z.object({
  type: z.literal("custom"),
  name: toolName,
  description,
  format: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("grammar"), syntax: z.string(), definition: z.string() }),
    ])
    .nullish(),
});

/** There is more of it every year, and agents name all of it in each request. */
const otherTool = z.looseObject({
  type: z.string().regex(/^(?!(?:function|custom|namespace)$)/, { abort: true }),
});

const plainTool = z.discriminatedUnion("type", [functionTool, customTool]);

const namespaceTool = z.object({
  type: z.literal("namespace"),
  name: z.string().min(1),
  description,
  tools: z.array(z.union([plainTool, otherTool])),
});

export const tool = z.union([z.discriminatedUnion("type", [functionTool, customTool, namespaceTool]), otherTool]);

const choiceOfTool = z.looseObject({ type: z.string(), name: z.string().nullish(), namespace: z.string().nullish() });

export const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.discriminatedUnion("type", [
    z.object({ type: z.enum(["function", "custom", "namespace"]), name: z.string(), namespace: z.string().nullish() }),
    z.object({
      type: z.literal("allowed_tools"),
      mode: z.enum(["auto", "required"]),
      tools: z.array(choiceOfTool),
    }),
  ]),
  choiceOfTool.extend({
    type: z.string().regex(/^(?!(?:function|custom|namespace|allowed_tools)$)/, { abort: true }),
  }),
]);

export type BodyTool = z.infer<typeof tool>;
export type PlainTool = z.infer<typeof plainTool>;
export type NamespaceTool = z.infer<typeof namespaceTool>;
export type OtherTool = z.infer<typeof otherTool>;
export type BodyToolChoice = z.infer<typeof toolChoice>;
export type ChosenTool = z.infer<typeof choiceOfTool>;

export function isPlainTool(given: BodyTool): given is PlainTool {
  return given.type === "function" || given.type === "custom";
}

export function isNamespace(given: BodyTool): given is NamespaceTool {
  return given.type === "namespace";
}
