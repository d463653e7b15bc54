import type { CDPSession } from "playwright";
import { keyEventOf, type KeyInput } from "./keys.ts";

/** Points are CSS pixels of the page. Modifiers: Alt 1, Control 2, Meta 4, Shift 8, added up. */
export interface MouseInput {
  readonly action: "move" | "down" | "up";
  readonly x: number;
  readonly y: number;
  /** The button that changed: 0 left, 1 middle, 2 right. */
  readonly button: 0 | 1 | 2;
  /** What is held after the event: 1 left, 2 right, 4 middle, added up. */
  readonly buttons: number;
  readonly clickCount: number;
  readonly modifiers: number;
}

type Place = Pick<MouseInput, "x" | "y" | "modifiers">;

export interface WheelInput {
  readonly x: number;
  readonly y: number;
  readonly deltaX: number;
  readonly deltaY: number;
  readonly modifiers: number;
}

const BUTTONS = ["left", "middle", "right"] as const;
const TYPES = { move: "mouseMoved", down: "mousePressed", up: "mouseReleased" } as const;
/** A display shows about 60 pictures a second. */
const MOVE_EVERY_MS = 16;
/** So many events may wait until the page took them; then moves are left out, and at the second number everything is. */
const MAX_WAITING_MOVES = 20;
const MAX_WAITING = 500;

/**
 * A person's input as the browser's own events, which pages trust. The order is kept, and nothing waits for the page: it
 * takes a move with its next picture only, so clicks would come seconds late.
 */
export class PageInput {
  readonly #cdp: CDPSession;
  readonly #heldKeys = new Map<string, KeyInput>();
  /** The last event of each button that is held. */
  readonly #heldButtons = new Map<number, MouseInput>();
  #move: MouseInput | undefined;
  #moveTimer: NodeJS.Timeout | undefined;
  #waiting = 0;
  /** Moves on what the page lets drag, once a drag has begun. */
  #drag: ((type: "dragOver" | "drop" | "dragCancel", at: Place) => void) | undefined;
  #at: Place = { x: 0, y: 0, modifiers: 0 };

  constructor(cdp: CDPSession) {
    this.#cdp = cdp;
    cdp.on("Input.dragIntercepted", ({ data }) => {
      const { x, y, modifiers } = this.#at;
      this.#send("Input.dispatchDragEvent", { type: "dragEnter", x, y, modifiers, data });
      this.#drag = (type, at) =>
        this.#send("Input.dispatchDragEvent", { type, x: at.x, y: at.y, modifiers: at.modifiers, data });
      // The button may have been let go before the page told that this is a drag.
      if (this.#heldButtons.size === 0) this.#endDrag("drop", this.#at);
    });
    // Otherwise a drag under a display would be the display's own, and no further event would reach the page.
    this.#send("Input.setInterceptDrags", { enabled: true });
  }

  mouse(input: MouseInput): void {
    if (input.action === "move") {
      this.#move = input;
      this.#moveTimer ??= setTimeout(() => this.#flushMove(), MOVE_EVERY_MS);
      return;
    }
    this.#flushMove();
    const { x, y, modifiers } = input;
    if (x !== this.#at.x || y !== this.#at.y) this.#sendMove({ ...input, action: "move", clickCount: 0 });
    this.#at = { x, y, modifiers };
    if (input.action === "down") this.#heldButtons.set(input.button, input);
    else if (!this.#heldButtons.delete(input.button)) return;
    if (this.#drag) {
      if (input.action === "up") this.#endDrag("drop", input);
      return;
    }
    const { button, buttons, clickCount } = input;
    const type = TYPES[input.action];
    this.#send("Input.dispatchMouseEvent", { type, x, y, modifiers, button: BUTTONS[button], buttons, clickCount });
  }

  wheel({ x, y, deltaX, deltaY, modifiers }: WheelInput): void {
    this.#flushMove();
    if (this.#waiting > MAX_WAITING_MOVES) return;
    this.#send("Input.dispatchMouseEvent", { type: "mouseWheel", x, y, modifiers, deltaX, deltaY });
  }

  key(input: KeyInput): void {
    this.#flushMove();
    if (input.action === "down") this.#heldKeys.set(input.code, input);
    else this.#heldKeys.delete(input.code);
    this.#send("Input.dispatchKeyEvent", keyEventOf(input));
  }

  /** Inserts text at the cursor, and ends a composition with it. */
  text(text: string): void {
    this.#flushMove();
    this.#send("Input.insertText", { text });
  }

  /** The unfinished text of a composition; empty text cancels it. */
  compose(text: string): void {
    this.#flushMove();
    this.#send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  }

  /** Lets go of every key and button. */
  release(): void {
    clearTimeout(this.#moveTimer);
    this.#moveTimer = undefined;
    this.#move = undefined;
    for (const held of this.#heldKeys.values()) this.key({ ...held, action: "up", modifiers: 0, isRepeat: false });
    for (const held of this.#heldButtons.values()) {
      const { x, y } = this.#at;
      if (this.#drag) this.#endDrag("dragCancel", held);
      this.mouse({ ...held, x, y, action: "up", buttons: 0, modifiers: 0 });
    }
  }

  #flushMove(): void {
    clearTimeout(this.#moveTimer);
    this.#moveTimer = undefined;
    const move = this.#move;
    this.#move = undefined;
    if (move && this.#waiting <= MAX_WAITING_MOVES) this.#sendMove(move);
  }

  #sendMove(move: MouseInput): void {
    const { x, y, modifiers, buttons } = move;
    this.#at = { x, y, modifiers };
    if (this.#drag) return this.#drag("dragOver", move);
    const button = (buttons & 1) > 0 ? "left" : (buttons & 2) > 0 ? "right" : (buttons & 4) > 0 ? "middle" : "none";
    this.#send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y, modifiers, button, buttons });
  }

  #endDrag(type: "drop" | "dragCancel", at: Place): void {
    // A page says at the last "dragOver" whether it takes what is dropped.
    if (type === "drop") this.#drag?.("dragOver", at);
    this.#drag?.(type, at);
    this.#drag = undefined;
  }

  #send(...call: Parameters<CDPSession["send"]>): void {
    if (this.#waiting >= MAX_WAITING) return;
    this.#waiting += 1;
    const taken = (): void => void (this.#waiting -= 1);
    this.#cdp.send(...call).then(taken, taken);
  }
}
