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

test("a paste of many lines arrives whole", async () => {
  using viewer = await openNotepad();
  viewer.send({ type: "go", to: "reload" });
  await expect.poll(() => titleOf(viewer)).toBe("empty");
  viewer.click(FIELD);
  for (let part = 0; part < 5; part += 1) viewer.send({ type: "text", text: `${"x".repeat(399)}\n`.repeat(10) });
  await expect.poll(() => titleOf(viewer)).toBe("20000");
});
