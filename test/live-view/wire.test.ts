import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readViewerMessage } from "../../src/live-view/messages.ts";
import {
  CLOSE_CODES,
  decodeFrame,
  encodeFrame,
  VIEWER_LIMITS,
  type Frame,
  type GatewayMessage,
  type ViewerMessage,
} from "../../src/live-view/wire.ts";

const MESSAGES: readonly ViewerMessage[] = [
  { type: "mouse", action: "down", x: 10.5, y: 20, button: 0, buttons: 1, clickCount: 2, modifiers: 8 },
  { type: "wheel", x: 1, y: 2, deltaX: 0, deltaY: -120, modifiers: 0 },
  { type: "key", action: "down", key: "Enter", code: "Enter", modifiers: 0, isRepeat: true },
  { type: "text", text: "你好" },
  { type: "compose", text: "ni" },
  { type: "ack", sequence: 4_294_967_295 },
  { type: "blur" },
  { type: "select", tab: 2 },
  { type: "close", tab: 2 },
  { type: "go", to: "reload" },
  { type: "dialog", isAccepted: true, text: "yes" },
  { type: "control" },
  { type: "done" },
  { type: "leave" },
];

const WRONG: readonly unknown[] = [
  { type: "eval", text: "alert(1)" },
  { type: "mouse", action: "down" },
  { type: "mouse", action: "down", x: 1e9, y: 0, button: 0, buttons: 1, clickCount: 1, modifiers: 0 },
  { type: "key", action: "down", key: "x".repeat(100), code: "KeyX", modifiers: 0 },
  { type: "text", text: "x".repeat(VIEWER_LIMITS.textCharacters + 1) },
  { type: "go", to: "https://evil.example" },
  { type: "blur", further: true },
  { type: "__proto__" },
  ["blur"],
  "blur",
  null,
];

test.each(MESSAGES)("the gateway reads $type", (message) => {
  expect(readViewerMessage(JSON.stringify(message))).toEqual(message);
});

test.each(WRONG)("the gateway takes no other message: %j", (message) => {
  expect(readViewerMessage(JSON.stringify(message))).toBeUndefined();
});

const OWN: readonly GatewayMessage[] = [
  { type: "phase", phase: "open" },
  { type: "role", role: "controller" },
  { type: "tabs", tabs: [], shown: 0 },
];

test.each(OWN)("the gateway takes no message of its own: $type", (message) => {
  expect(readViewerMessage(JSON.stringify(message))).toBeUndefined();
});

test("a connection is closed with codes that are for applications", () => {
  // https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2
  const codes = Object.values(CLOSE_CODES).filter((code) => code !== CLOSE_CODES.ended);
  expect(codes.every((code) => code >= 4_000 && code < 5_000)).toBe(true);
});

test("text that is no JSON is no message", () => {
  expect(readViewerMessage("blur")).toBeUndefined();
});

describe("a frame", () => {
  const frame = fc.record({
    tab: fc.nat(65_535),
    sequence: fc.nat(4_294_967_295),
    width: fc.nat(65_535),
    height: fc.nat(65_535),
    at: fc.nat(Number.MAX_SAFE_INTEGER),
    jpeg: fc.uint8Array({ maxLength: 64 }),
  });

  test("arrives as it was sent, wherever it stands in the received memory", () => {
    const property = fc.property(frame, fc.nat(16), (sent: Frame, offset) => {
      const bytes = encodeFrame(sent);
      const memory = new Uint8Array(offset + bytes.length);
      memory.set(bytes, offset);
      expect(decodeFrame(memory.subarray(offset))).toEqual(sent);
    });
    fc.assert(property);
  });

  test("of another form is none", () => {
    expect([decodeFrame(new Uint8Array(19)), decodeFrame(new Uint8Array(40))]).toEqual([undefined, undefined]);
  });
});
