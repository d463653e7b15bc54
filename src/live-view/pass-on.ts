import type { PageInput } from "../browser/by-hand/page-input.ts";
import type { ViewerMessage } from "./wire.ts";

type InputMessage = Extract<ViewerMessage, { readonly type: "mouse" | "wheel" | "key" | "text" | "compose" | "blur" }>;

/** Passes a viewer's input on to the page. */
export function passOn(message: InputMessage, input: PageInput): void {
  if (message.type === "mouse") input.mouse(message);
  else if (message.type === "wheel") input.wheel(message);
  else if (message.type === "key") input.key(message);
  else if (message.type === "text") input.text(message.text);
  else if (message.type === "compose") input.compose(message.text);
  else input.release();
}
