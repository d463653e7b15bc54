import { z } from "zod";
import { VIEWER_LIMITS, type ViewerMessage } from "./wire.ts";

/** Larger than any window. */
const MAX_COORDINATE = 20_000;
const MAX_KEY_CHARACTERS = 32;

const coordinate = z.number().min(-MAX_COORDINATE).max(MAX_COORDINATE);
const modifiers = z.int().min(0).max(15);
const number = z.int().min(0);
const text = z.string().max(VIEWER_LIMITS.textCharacters);
const point = { x: coordinate, y: coordinate, modifiers };

const viewerMessage = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("mouse"),
    action: z.enum(["move", "down", "up"]),
    ...point,
    button: z.literal([0, 1, 2]),
    buttons: z.int().min(0).max(7),
    clickCount: z.int().min(0).max(3),
  }),
  z.strictObject({ type: z.literal("wheel"), ...point, deltaX: coordinate, deltaY: coordinate }),
  z.strictObject({
    type: z.literal("key"),
    action: z.enum(["down", "up"]),
    key: z.string().max(MAX_KEY_CHARACTERS),
    code: z.string().max(MAX_KEY_CHARACTERS),
    modifiers,
    isRepeat: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("text"), text }),
  z.strictObject({ type: z.literal("compose"), text }),
  z.strictObject({ type: z.literal("ack"), sequence: number }),
  z.strictObject({ type: z.literal("blur") }),
  z.strictObject({ type: z.literal("select"), tab: number }),
  z.strictObject({ type: z.literal("close"), tab: number }),
  z.strictObject({ type: z.literal("go"), to: z.enum(["back", "reload", "start"]) }),
  z.strictObject({ type: z.literal("dialog"), isAccepted: z.boolean(), text: text.optional() }),
  z.strictObject({ type: z.literal("control") }),
  z.strictObject({ type: z.literal("done") }),
  z.strictObject({ type: z.literal("leave") }),
]);

/** Reads a message of a viewer; undefined if it is none. What a person typed may be in it, so nothing of it is told. */
export function readViewerMessage(data: string): ViewerMessage | undefined {
  try {
    return viewerMessage.safeParse(JSON.parse(data)).data as ViewerMessage | undefined;
  } catch {
    return undefined;
  }
}
