/** The page's size in its own pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

interface Where {
  readonly clientX: number;
  readonly clientY: number;
}

interface Held {
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

/** The point of the page under the pointer; undefined before the first picture. */
export function pointIn(
  { clientX, clientY }: Where,
  canvas: HTMLCanvasElement | null,
  size: Size | undefined,
): { readonly x: number; readonly y: number } | undefined {
  if (!canvas || !size) return undefined;
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return { x: share(clientX - left, width) * size.width, y: share(clientY - top, height) * size.height };
}

function share(value: number, most: number): number {
  return Math.min(1, Math.max(0, value / most));
}

/** Two presses make a double click if they are so close in time and place. */
const DOUBLE_CLICK_MS = 500;
const DOUBLE_CLICK_PX = 6;
const MOST_CLICKS = 3;

/** Counts presses as a browser does; pointer events do not tell. */
export class ClickCount {
  #atMs = Number.NEGATIVE_INFINITY;
  #x = 0;
  #y = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  press({ clientX, clientY }: Where, nowMs: number): void {
    const isNear = Math.hypot(clientX - this.#x, clientY - this.#y) <= DOUBLE_CLICK_PX;
    const isSoon = nowMs - this.#atMs <= DOUBLE_CLICK_MS;
    this.#count = isNear && isSoon ? (this.#count % MOST_CLICKS) + 1 : 1;
    [this.#x, this.#y, this.#atMs] = [clientX, clientY, nowMs];
  }
}

/** A finger that moved less than this has tapped. */
const TAP_PX = 10;

/** A finger on the picture: a tap is a click, a drag scrolls the page. */
export class Touch {
  #last: Where | undefined;
  #isDrag = false;

  start(where: Where): void {
    this.#last = where;
    this.#isDrag = false;
  }

  /** How far to scroll, in pixels of the picture; undefined as long as it may be a tap. */
  drag(where: Where): { readonly deltaX: number; readonly deltaY: number } | undefined {
    if (!this.#last) return undefined;
    const deltaX = this.#last.clientX - where.clientX;
    const deltaY = this.#last.clientY - where.clientY;
    if (!this.#isDrag && Math.hypot(deltaX, deltaY) < TAP_PX) return undefined;
    this.#isDrag = true;
    this.#last = where;
    return { deltaX, deltaY };
  }

  /** Whether it was a tap. */
  end(): boolean {
    const isTap = this.#last !== undefined && !this.#isDrag;
    this.#last = undefined;
    return isTap;
  }
}

/** As the gateway adds them up: Alt 1, Control 2, Meta 4, Shift 8. */
export function modifiersOf({ altKey, ctrlKey, metaKey, shiftKey }: Held): number {
  return Number(altKey) + 2 * Number(ctrlKey) + 4 * Number(metaKey) + 8 * Number(shiftKey);
}
