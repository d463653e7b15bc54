import { afterAll, beforeAll, expect, test } from "vitest";
import { LiveViewer } from "../support/live-viewer.ts";
import { openWorld, type World } from "../support/world.ts";

const PATH = "accounts/alice/live-view";
const FIELD = { x: 60, y: 60 };
let world: World;

/** Tells what it got in its title, which the viewer sees: what the field holds, and events that are not trusted. */
const NOTEPAD = `<!doctype html><meta charset="utf-8"><textarea style="position:fixed;left:0;top:0;width:300px;height:120px"></textarea>
<script>
  const field = document.querySelector("textarea");
  const seen = new Map();
  document.title = "empty";
  const note = ({ type, isTrusted }) => {
    // Chromium itself marks the end of a composition by CDP as untrusted.
    if (!isTrusted && type !== "compositionend") seen.set("untrusted " + type, 1);
    else if (type.startsWith("composition")) seen.set(type, (seen.get(type) ?? 0) + 1);
    document.title = [field.value.length > 40 ? field.value.length : field.value, ...[...seen].flat()].join("|");
  };
  for (const type of ["keydown", "keyup", "beforeinput", "input", "click", "mousedown", "mouseup", "mousemove", "wheel",
    "compositionstart", "compositionupdate", "compositionend"]) addEventListener(type, (event) => setTimeout(note, 0, event), true);
</script>`;

beforeAll(async () => {
  world = await openWorld({
    accounts: ["alice"],
    settings: (site) => {
      site.pages.set("/zh", { body: NOTEPAD });
      return {};
    },
  });
});
afterAll(() => world?.[Symbol.asyncDispose]());

async function openNotepad(): Promise<LiveViewer> {
  const viewer = await LiveViewer.open(world.gateway.url, PATH);
  await viewer.untilOpen();
  viewer.click(FIELD);
  return viewer;
}

function titleOf(viewer: LiveViewer): string | undefined {
  return viewer.last("tabs")?.tabs[0]?.title;
}

test("typed text, keys and chords arrive in their order, as a person's", async () => {
  using viewer = await openNotepad();
  viewer.send({ type: "text", text: "hello worlds" });
  viewer.press("Backspace");
  viewer.press("Home");
  viewer.send({ type: "text", text: "é" });
  await expect.poll(() => titleOf(viewer)).toBe("éhello world");
  viewer.send({ type: "key", action: "down", key: "a", code: "KeyA", modifiers: 2 });
  viewer.send({ type: "key", action: "up", key: "a", code: "KeyA", modifiers: 2 });
  viewer.send({ type: "text", text: "new" });
  viewer.press("Enter");
  viewer.send({ type: "text", text: "line" });
  await expect.poll(() => titleOf(viewer)).toBe("new line");
});

test("a composition arrives as one, and ends with the text that was chosen", async () => {
  using viewer = await openNotepad();
  viewer.send({ type: "go", to: "reload" });
  await expect.poll(() => titleOf(viewer)).toBe("empty");
  viewer.click(FIELD);
  for (const text of ["n", "ni", "nih", "ni hao"]) viewer.send({ type: "compose", text });
  viewer.send({ type: "text", text: "你好" });
  await expect.poll(() => titleOf(viewer)).toBe("你好|compositionstart|1|compositionupdate|5|compositionend|1");
});

/** Notes in its title what was dragged where: a part that the page lets drag, a slider of its own, and marked text. */
const DRAGGING = `<!doctype html><meta charset="utf-8"><title>still</title>
<div id="from" draggable="true" style="position:fixed;left:20px;top:20px;width:80px;height:40px;background:teal"></div>
<div id="to" style="position:fixed;left:220px;top:20px;width:80px;height:40px;background:orange"></div>
<div id="slider" style="position:fixed;left:20px;top:120px;width:300px;height:20px;background:gray"></div>
<script>
  const [from, to, slider] = ["from", "to", "slider"].map((id) => document.getElementById(id));
  from.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", "cargo"));
  to.addEventListener("dragover", (event) => event.preventDefault());
  to.addEventListener("drop", (event) => {
    document.title = "dropped " + event.dataTransfer.getData("text/plain") + " " + event.isTrusted;
  });
  slider.addEventListener("pointerdown", ({ pointerId }) => slider.setPointerCapture(pointerId));
  slider.addEventListener("pointermove", ({ buttons, clientX }) => buttons === 1 && (document.title = "slid to " + clientX));
</script>`;

/** With the button held, over points between. */
function drag(viewer: LiveViewer, from: { x: number; y: number }, to: { x: number; y: number }): void {
  viewer.mouse("move", from, 0);
  viewer.mouse("down", from);
  for (let step = 1; step <= 5; step += 1) {
    const at = { x: from.x + ((to.x - from.x) * step) / 5, y: from.y + ((to.y - from.y) * step) / 5 };
    viewer.send({ type: "mouse", action: "move", ...at, button: 0, buttons: 1, clickCount: 0, modifiers: 0 });
  }
}

test("what is dragged arrives where it is let go, be it the page's own slider or a part that it lets drag", async () => {
  world.simulator.pages.set("/zh", { body: DRAGGING });
  using viewer = await LiveViewer.open(world.gateway.url, PATH);
  await viewer.untilOpen();
  viewer.send({ type: "go", to: "reload" });
  await expect.poll(() => titleOf(viewer)).toBe("still");
  drag(viewer, { x: 40, y: 130 }, { x: 240, y: 130 });
  await expect.poll(() => titleOf(viewer)).toBe("slid to 240");
  viewer.mouse("up", { x: 240, y: 130 });
  const [from, to] = [
    { x: 40, y: 40 },
    { x: 260, y: 40 },
  ];
  drag(viewer, from, to);
  viewer.mouse("up", to);
  await expect.poll(() => titleOf(viewer)).toBe("dropped cargo true");
  world.simulator.pages.set("/zh", { body: NOTEPAD });
});

test("a paste of many lines arrives whole", async () => {
  using viewer = await openNotepad();
  viewer.send({ type: "go", to: "reload" });
  await expect.poll(() => titleOf(viewer)).toBe("empty");
  viewer.click(FIELD);
  for (let part = 0; part < 5; part += 1) viewer.send({ type: "text", text: `${"x".repeat(399)}\n`.repeat(10) });
  await expect.poll(() => titleOf(viewer)).toBe("20000");
});
