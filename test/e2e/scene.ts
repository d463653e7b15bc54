import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test as base, type Page } from "@playwright/test";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import type { SceneCall, SceneOptions } from "./scene-call.ts";

export { expect } from "@playwright/test";

const HEADERS = { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" };

/** A gateway, or several, and their simulated site, in a process of their own. */
export class Scene {
  readonly url: string;
  /** Of each replica; the first one is `url`. */
  readonly urls: readonly string[];
  readonly #process: ChildProcess;
  #lastId = 0;

  private constructor(started: ChildProcess, urls: readonly string[]) {
    this.#process = started;
    this.urls = urls;
    this.url = urls[0] ?? "";
  }

  static async start(options: SceneOptions): Promise<Scene> {
    const started = fork(join(import.meta.dirname, "scene-process.ts"), [JSON.stringify(options)]);
    const [{ urls }] = (await once(started, "message")) as [{ urls: string[] }];
    return new Scene(started, urls);
  }

  /** Asks the site, or does something to a replica. */
  async site(call: SceneCall["call"]): Promise<string> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#process.send({ id, call });
    for (;;) {
      const [message] = (await once(this.#process, "message")) as [{ id: number; result: unknown }];
      if (message.id === id) return String(message.result);
    }
  }

  /** Asks as a caller. */
  post(content: string, key = API_KEY, url = this.url): Promise<Response> {
    return fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { ...HEADERS, authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: "gptomni", stream: true, messages: [{ role: "user", content }] }),
    });
  }

  /** Asks a replica as its operator. */
  async operate<T>(path: string, url = this.url): Promise<T> {
    const response = await fetch(`${url}/admin/api${path}`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
    return (await response.json()) as T;
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }
}

interface TestParts {
  /** What the page must not do: break its policy, or throw. */
  readonly complaints: string[];
}

interface WorkerParts {
  readonly sceneOptions: SceneOptions;
  readonly scene: Scene;
}

/** A test with a gateway for its file. `test.use({ sceneOptions })` says which accounts and settings that has. */
export const test = base.extend<TestParts, WorkerParts>({
  sceneOptions: [
    { accounts: ["alice"], settings: {} },
    { scope: "worker", option: true },
  ],
  scene: [
    async ({ sceneOptions }, use) => {
      const scene = await Scene.start(sceneOptions);
      await use(scene);
      await scene.stop();
    },
    { scope: "worker", timeout: 300_000 },
  ],
  baseURL: async ({ scene }, use) => use(scene.url),
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        const { url, line } = message.location();
        const said = `${message.text()} (${url}:${line}, on ${page.url()})`;
        if (/Content Security Policy|Refused to/.test(said)) complaints.push(said);
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

/** Signs in and opens a page of the console. */
export async function open(page: Page, path = ""): Promise<void> {
  await page.goto(`/console${path}`);
  await page.locator("input[type=password]").fill(ADMIN_KEY);
  await page.locator("button[type=submit]").click();
  await expect(page.locator("main#page")).toBeVisible();
}
