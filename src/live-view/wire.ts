/**
 * What the live view and its viewer say to each other over the WebSocket `GET /admin/api/live-view?ticket=…`. This file is
 * for both sides, so it imports nothing. README.md beside it says in which order the messages come.
 *
 * A binary message is a frame, a text message is JSON. A viewer ignores kinds and members that it does not know.
 * Addresses, titles and dialogs are the site's words: show them as text.
 */

/** The CSS pixel of the page, from its upper left corner. May have a fraction. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** Which of the keys Alt (1), Control (2), Meta (4) and Shift (8) are held, added up. */
type Modifiers = number;

/** `move` while no button or some button is held. `buttons` is what is held after the event, as in a browser's event. */
export interface MouseMessage extends Point {
  readonly type: "mouse";
  readonly action: "move" | "down" | "up";
  /** The button that changed, as in a browser's event: 0 left, 1 middle, 2 right. 0 for a move. */
  readonly button: 0 | 1 | 2;
  /** 1 left, 2 right, 4 middle, added up. */
  readonly buttons: number;
  /** 1, 2 for a double click, 3 for a triple click; 0 for a move. `detail` of a browser's event. */
  readonly clickCount: number;
  readonly modifiers: Modifiers;
}

export interface WheelMessage extends Point {
  readonly type: "wheel";
  /** In CSS pixels. */
  readonly deltaX: number;
  readonly deltaY: number;
  readonly modifiers: Modifiers;
}

/**
 * A key without text of its own, such as Enter or ArrowDown, or a chord with Control, Alt or Meta. Text that a key types is
 * a `text` message, whatever the keyboard's layout.
 */
export interface KeyMessage {
  readonly type: "key";
  readonly action: "down" | "up";
  /** `key` and `code` of a browser's event. */
  readonly key: string;
  readonly code: string;
  readonly modifiers: Modifiers;
  readonly isRepeat?: boolean;
}

/** Text to insert at the cursor: what a key typed, what was pasted, or what a composition ended with. */
export interface TextMessage {
  readonly type: "text";
  readonly text: string;
}

/** The unfinished text of a composition (IME). Empty text cancels it; `text` ends it. */
export interface ComposeMessage {
  readonly type: "compose";
  readonly text: string;
}

/** From a viewer. Each but `ack`, `control` and `leave` is for the one in control. */
export type ViewerMessage =
  | MouseMessage
  | WheelMessage
  | KeyMessage
  | TextMessage
  | ComposeMessage
  /** The frame with this number is drawn; the next one may come. */
  | { readonly type: "ack"; readonly sequence: number }
  /** The viewer's window lost the focus: every held key and button is released. */
  | { readonly type: "blur" }
  /** Shows another tab. */
  | { readonly type: "select"; readonly tab: number }
  /** Closes a pop-up. */
  | { readonly type: "close"; readonly tab: number }
  /** `start`: the page where the view began. */
  | { readonly type: "go"; readonly to: "back" | "reload" | "start" }
  /** Answers the dialog that is open. `text` is for a prompt. */
  | { readonly type: "dialog"; readonly isAccepted: boolean; readonly text?: string }
  /** Asks for control. It is granted when nobody has it. */
  | { readonly type: "control" }
  /** The operator thinks that it is done: the gateway checks now, and ends the view if the account can serve. */
  | { readonly type: "done" }
  /** Ends this viewer's connection, and the view if it was the last one, at once. */
  | { readonly type: "leave" };

export type Role = "controller" | "watcher";

/**
 * waiting: the account finishes its answer · opening: the page goes to the site · open: the viewer may act ·
 * checking: the gateway asks the site whether the account is signed in · returning: the pool takes the account back, or the
 * new account is stored
 */
export type Phase = "waiting" | "opening" | "open" | "checking" | "returning";

export interface Tab {
  readonly id: number;
  readonly title: string;
  /** Without query and fragment, where sites put tokens. */
  readonly address: string;
  readonly isPopup: boolean;
}

/** alert, confirm and prompt of the page; beforeunload: it asks whether it may be left. */
export interface ShownDialog {
  readonly kind: "alert" | "confirm" | "prompt" | "beforeunload";
  readonly message: string;
  /** What a prompt suggests. */
  readonly defaultText: string;
}

/**
 * solved: the account can serve, or the new account is stored · left: no viewer was there any more · time_over · removed: the
 * account was removed · failed: the page did not open or was lost · stopping: the gateway stops
 */
export type EndReason = "solved" | "left" | "time_over" | "removed" | "failed" | "stopping";

/** From the gateway. */
export type GatewayMessage =
  /** The first message. `account` is null for a new one. Times are Unix milliseconds. */
  | {
      readonly type: "hello";
      readonly account: string | null;
      readonly role: Role;
      readonly endsAt: number;
    }
  | { readonly type: "phase"; readonly phase: Phase }
  | { readonly type: "role"; readonly role: Role }
  /** All tabs, the first one first, and the one that the frames show. */
  | { readonly type: "tabs"; readonly tabs: readonly Tab[]; readonly shown: number }
  /** The dialog that is open in the shown tab; null when it is closed. Input has no effect meanwhile. */
  | { readonly type: "dialog"; readonly dialog: ShownDialog | null }
  /** Something that the page wanted and the gateway refused, or why `control` was not granted. */
  | {
      readonly type: "notice";
      readonly code: "file_picker" | "download" | "popup_limit" | "control_taken" | "not_in_control";
      readonly message: string;
    }
  /** The outcome of a check. `code` is an error code of the API, null when the account can serve. */
  | { readonly type: "checked"; readonly isSolved: boolean; readonly code: string | null; readonly message: string }
  /** The last message. `account` is the new account's id after a sign-in; `state` is the account's state afterwards. */
  | {
      readonly type: "ended";
      readonly reason: EndReason;
      readonly message: string;
      readonly account: string | null;
      readonly state: string | null;
    };

/** Why the gateway closes a connection, beside the codes of WebSocket itself (1009: a message was too long). */
export const CLOSE_CODES = {
  /** After `ended` or `leave`. */
  ended: 1000,
  /** A message that is not of a known kind, or has a wrong value. */
  badMessage: 4400,
  /** The console's session has ended. */
  signedOut: 4401,
  tooManyMessages: 4429,
} as const;

/** What one viewer may send. */
export const VIEWER_LIMITS = {
  messageBytes: 16 * 1024,
  /** `text` and `compose`; longer pastes go in several messages. */
  textCharacters: 4_000,
  /** In any second. Send moves at most once in a frame of the display; some displays have 240 frames a second. */
  messagesPerSecond: 600,
} as const;

/** A picture of the shown tab. */
export interface Frame {
  readonly tab: number;
  /** Counts up. `ack` it when it is drawn; the next frame comes after that, at most ten a second. */
  readonly sequence: number;
  /** The page's size in CSS pixels, which the picture fills: for turning a click into a point of the page. */
  readonly width: number;
  readonly height: number;
  /** When it was taken, in Unix milliseconds. */
  readonly at: number;
  readonly jpeg: Uint8Array;
}

/**
 * Before the JPEG, big-endian: byte 0 the form (1), byte 1 unused, 2–3 `tab`, 4–7 `sequence`, 8–9 `width`, 10–11 `height`,
 * 12–19 `at` as a double.
 */
const HEADER_BYTES = 20;
const FORM = 1;

export function encodeFrame({ tab, sequence, width, height, at, jpeg }: Frame): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + jpeg.length);
  const header = new DataView(bytes.buffer);
  header.setUint8(0, FORM);
  header.setUint16(2, tab);
  header.setUint32(4, sequence);
  header.setUint16(8, width);
  header.setUint16(10, height);
  header.setFloat64(12, at);
  bytes.set(jpeg, HEADER_BYTES);
  return bytes;
}

/** Undefined for a binary message of another form. `jpeg` shares the message's memory. */
export function decodeFrame(message: Uint8Array): Frame | undefined {
  if (message.length < HEADER_BYTES || message[0] !== FORM) return undefined;
  const header = new DataView(message.buffer, message.byteOffset, HEADER_BYTES);
  return {
    tab: header.getUint16(2),
    sequence: header.getUint32(4),
    width: header.getUint16(8),
    height: header.getUint16(10),
    at: header.getFloat64(12),
    jpeg: message.subarray(HEADER_BYTES),
  };
}
