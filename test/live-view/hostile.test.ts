import { afterAll, beforeAll, expect, test } from "vitest";
import type { SitePage } from "../../src/simulator/site-page.ts";
import { LiveViewer } from "../support/live-viewer.ts";
import { openWorld, type World } from "../support/world.ts";

const PATH = "accounts/alice/live-view";
const ANYWHERE = { x: 100, y: 100 };
const ANSWER = "You said: served?";
let world: World;

beforeAll(async () => {
  world = await openWorld({ accounts: ["alice"] });
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** A page whose whole area runs the script when a person clicks. */
function onClick(script: string): SitePage {
  return {
    body: `<title>hostile</title><body style="height:100vh"><script>addEventListener("click", (event) => { if (event.isTrusted) { ${script} } })</script>`,
  };
}

/** Opens the view on this page, and clicks in it. */
async function visit(page: SitePage): Promise<LiveViewer> {
  world.simulator.pages.set("/zh", page);
  const viewer = await LiveViewer.open(world.gateway.url, PATH);
  await viewer.untilOpen();
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "hostile");
  viewer.click(ANYWHERE);
  return viewer;
}

/** Ends the view, by leaving unless told otherwise. Gives what the account answers then. */
async function answerAfter(viewer: LiveViewer, leave = (): void => viewer.send({ type: "leave" })): Promise<string> {
  world.simulator.pages.delete("/zh");
  leave();
  await expect.poll(() => world.gateway.pool.states[0]?.state).toBe("ready");
  return world.ask("served?");
}

test("dialogs are shown and answered, and a page that opens them without end keeps nobody's account", async () => {
  using viewer = await visit(onClick(`document.title = String(prompt("Who?", "nobody")); for (;;) alert("again")`));
  const asked = await viewer.until("dialog", ({ dialog }) => dialog?.kind === "prompt");
  expect(asked.dialog).toEqual({ kind: "prompt", message: "Who?", defaultText: "nobody" });
  viewer.send({ type: "dialog", isAccepted: true, text: "the operator" });
  await viewer.until("dialog", ({ dialog }) => dialog?.message === "again");
  for (let count = 0; count < 3; count += 1) {
    viewer.send({ type: "dialog", isAccepted: true });
    await viewer.until("dialog", ({ dialog }) => dialog?.message === "again");
  }
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "the operator");
  expect(await answerAfter(viewer)).toBe(ANSWER);
});

test("pop-ups become tabs, as many as a sign-in needs, and all are closed at the end", async () => {
  // Each click may open one pop-up, as in an ordinary browser.
  using viewer = await visit(onClick(`open("/popup" + Math.random(), "", "width=300,height=200")`));
  for (let count = 2; count < 12; count += 1) {
    await viewer.until("tabs", ({ tabs }) => tabs.length === Math.min(count, 6));
    viewer.send({ type: "select", tab: 1 });
    await viewer.until("tabs", ({ shown }) => shown === 1);
    viewer.click(ANYWHERE);
    if (viewer.last("notice")?.code === "popup_limit") break;
  }
  await viewer.until("notice", ({ code }) => code === "popup_limit");
  const popup = viewer.last("tabs")?.tabs.find(({ isPopup }) => isPopup)?.id ?? 0;
  viewer.send({ type: "close", tab: popup });
  await viewer.until("tabs", ({ tabs }) => !tabs.some(({ id }) => id === popup));
  expect(await answerAfter(viewer)).toBe(ANSWER);
  const contexts = (await world.gateway.browsers.supervisors[0]?.browser())?.contexts() ?? [];
  expect(contexts.flatMap((context) => context.pages())).toHaveLength(1);
});

test("a page gets no file, no download and no permission, and the operator is told of the first two", async () => {
  using viewer = await visit(
    onClick(`
      navigator.geolocation.getCurrentPosition(() => { document.title = "allowed" }, ({ code }) => {
        document.title = code === 1 ? "denied" : "failed";
        const input = document.body.appendChild(document.createElement("input"));
        input.type = "file";
        input.click();
        const link = document.body.appendChild(document.createElement("a"));
        link.href = "data:application/octet-stream,x";
        link.download = "x.bin";
        link.click();
      })`),
  );
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "denied");
  await viewer.until("notice", ({ code }) => code === "file_picker");
  await viewer.until("notice", ({ code }) => code === "download");
  expect(await answerAfter(viewer)).toBe(ANSWER);
});

test("a page that never stops, leaves the site and cannot be left is left all the same", async () => {
  using viewer = await visit(onClick(`addEventListener("beforeunload", (event) => event.preventDefault()); for (;;);`));
  for (let count = 0; count < 50; count += 1) viewer.click(ANYWHERE);
  viewer.send({ type: "go", to: "reload" });
  viewer.send({ type: "done" });
  await viewer.until("phase", ({ phase }) => phase === "checking");
  expect(await answerAfter(viewer, () => viewer.socket.terminate())).toBe(ANSWER);
});

test("a viewer that was slow while a page repainted all the time sees how the page ended", async () => {
  const paints = `const paint = () => {
    count.textContent = performance.now();
    if (++painted < 120) requestAnimationFrame(paint); else document.title = "ended " + Date.now();
  }; let painted = 0; paint()`;
  world.simulator.pages.set("/zh", {
    body: `<title>hostile</title><body><p id="count"></p><script>${paints}</script>`,
  });
  using viewer = await LiveViewer.open(world.gateway.url, PATH);
  viewer.draws = false;
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title.startsWith("ended") === true);
  const endedAt = Number(viewer.last("tabs")?.tabs[0]?.title.split(" ")[1]);
  viewer.draws = true;
  viewer.send({ type: "ack", sequence: viewer.frames.at(-1)?.sequence ?? 0 });
  await viewer.untilFrame(({ at }) => at >= endedAt);
  expect(await answerAfter(viewer)).toBe(ANSWER);
});
