/** The key codes of Windows, which pages see as `keyCode`, for the keys that have no text. */
const NAMED: Readonly<Record<string, number>> = {
  Backspace: 8,
  Tab: 9,
  Enter: 13,
  Shift: 16,
  Control: 17,
  Alt: 18,
  Pause: 19,
  CapsLock: 20,
  Escape: 27,
  " ": 32,
  PageUp: 33,
  PageDown: 34,
  End: 35,
  Home: 36,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
  Insert: 45,
  Delete: 46,
  Meta: 91,
  ContextMenu: 93,
};
const F1 = 112;
/** Alt, Control and Meta: with them, a key is a chord and types nothing. */
const CHORD = 1 | 2 | 4;

export interface KeyInput {
  readonly action: "down" | "up";
  /** `key` and `code` of a browser's event. */
  readonly key: string;
  readonly code: string;
  /** Alt 1, Control 2, Meta 4, Shift 8, added up. */
  readonly modifiers: number;
  readonly isRepeat?: boolean | undefined;
}

/** The parameters of CDP's `Input.dispatchKeyEvent`. */
export function keyEventOf({ action, key, code, modifiers, isRepeat = false }: KeyInput) {
  const text = action === "down" ? textOf(key, modifiers) : undefined;
  const type = action === "up" ? "keyUp" : text === undefined ? "rawKeyDown" : "keyDown";
  return {
    type,
    key,
    code,
    modifiers,
    windowsVirtualKeyCode: virtualKeyOf(key, code),
    autoRepeat: isRepeat,
    ...(text !== undefined && { text, unmodifiedText: text }),
  } as const;
}

/** What the key types; a form is sent by the text of Enter. */
function textOf(key: string, modifiers: number): string | undefined {
  if ((modifiers & CHORD) !== 0) return undefined;
  if (key === "Enter") return "\r";
  // A character beyond the first plane takes two.
  return /^.$/u.test(key) ? key : undefined;
}

function virtualKeyOf(key: string, code: string): number {
  const named = Object.hasOwn(NAMED, key) ? NAMED[key] : undefined;
  if (named !== undefined) return named;
  const [, functionKey] = /^F(\d{1,2})$/.exec(key) ?? [];
  if (functionKey !== undefined) return F1 + Number(functionKey) - 1;
  const [, letter] = /^(?:Key|Digit)([A-Z0-9])$/.exec(code) ?? [];
  return letter?.charCodeAt(0) ?? 0;
}
