import { expect, test } from "vitest";
import { ClickCount, modifiersOf, Touch } from "../../console/pages/live/pointing.ts";

test("presses close in time and place are a double and a triple click, then it begins anew", () => {
  const clicks = new ClickCount();
  const press = (clientX: number, atMs: number): number => {
    clicks.press({ clientX, clientY: 10 }, atMs);
    return clicks.count;
  };
  expect([press(10, 0), press(12, 200), press(11, 400), press(11, 500)]).toEqual([1, 2, 3, 1]);
  expect([press(40, 600), press(40, 1_200)]).toEqual([1, 1]);
});

test("held keys are added up as the gateway reads them", () => {
  const none = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };
  expect(modifiersOf(none)).toBe(0);
  expect(modifiersOf({ altKey: true, ctrlKey: true, metaKey: true, shiftKey: true })).toBe(15);
  expect(modifiersOf({ ...none, ctrlKey: true, shiftKey: true })).toBe(10);
});

function at(clientY: number) {
  return { clientX: 5, clientY };
}

test("a finger that stays taps, and one that moves scrolls", () => {
  const touch = new Touch();
  touch.start(at(100));
  expect([touch.drag(at(95)), touch.end()]).toEqual([undefined, true]);
  touch.start(at(100));
  expect([touch.drag(at(80)), touch.drag(at(79)), touch.end()]).toEqual([
    { deltaX: 0, deltaY: 20 },
    { deltaX: 0, deltaY: 1 },
    false,
  ]);
});
