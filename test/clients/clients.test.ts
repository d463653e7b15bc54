import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import type { Post } from "../../src/simulator/record.ts";
import { openWorld, type World } from "../support/world.ts";
import { CLIENTS } from "./catalog.ts";
import { title, type Client } from "./client.ts";
import { install, tell } from "../support/npm-install.ts";
import { Outside } from "./outside.ts";
import { Scene } from "./scene.ts";
import { CHECKS, Table } from "./table.ts";

/**
 * Real applications from npm against a real gateway, as their users start them; `npm run test:clients` installs them
 * beside the project. What could not be installed is said, and fails where CI is set.
 */
const SITE_LIMIT_MS = 60_000;
/** Half a minute long, so that there is time to leave. */
const LONG_ANSWER = '[[sim {"chunks":300,"chunkDelayMs":100,"chunkText":"more "}]]';

let world: World;
let outside: Outside;
const table = new Table();
beforeAll(async () => {
  world = await openWorld({ accounts: ["alice", "bob", "carol"] });
  outside = await Outside.open();
});
afterAll(async () => {
  await outside[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  table.write();
  console.log(`${table.toString()}\n\n${table.notes.join("\n")}`);
});

/** A word that nothing else holds. */
function word(kind: string): string {
  return `${kind}-${randomBytes(6).toString("hex")}`;
}

/** The command that makes the model say this; what shows the question does not show the text with it. */
function say(text: string): string {
  const escaped = Array.from(
    text,
    (character) => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `[[sim {"text":"${escaped.join("")}"}]]`;
}

function expectPost(...words: string[]): void {
  const prompts = world.simulator.posts.map(({ prompt }) => prompt);
  const isThere = prompts.some((prompt) => words.every((one) => prompt.includes(one)));
  expect(isThere, `the site got a prompt with ${words.join(" and ")}`).toBe(true);
}

/** The folder, or why there is none. */
async function installed(client: Client): Promise<string | Error> {
  try {
    return await install(client.packages);
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    tell(error.message);
    table.notInstalled(client, error.message);
    return error;
  }
}

describe.each(CLIENTS.map((client) => [title(client), client] as const))("%s", (_title, client) => {
  let scene: Scene | undefined;
  let missing = "";
  let earlier = "";
  const note = word("note");

  beforeAll(async () => {
    const folder = await installed(client);
    if (folder instanceof Error) missing = folder.message;
    else scene = await Scene.open(client, folder, world, outside);
  });
  afterAll(async () => {
    await scene?.[Symbol.asyncDispose]();
    const hosts = outside.take();
    if (hosts.length > 0) table.note(client, `was kept from ${hosts.join(", ")}`);
  });

  /** Runs a check on the open scene, and notes its outcome. */
  async function check(
    context: TestContext,
    name: (typeof CHECKS)[number],
    body: (scene: Scene) => Promise<void>,
  ): Promise<void> {
    if (!scene) {
      if (process.env["CI"] === "true") throw new Error(missing);
      return context.skip(missing);
    }
    try {
      await body(scene);
      table.passed(client, name);
    } catch (cause) {
      table.failed(client, name, `${firstLine(cause)}; it showed: ${scene.lastWords}`);
      throw cause;
    }
  }

  test("shows an answer", (context) =>
    check(context, "answer", async ({ place }) => {
      const answer = word("answer");
      const output = await scene?.run(client.ask(say(answer), place));
      expect(output).toContain(answer);
    }));

  test("runs a tool, and sends its result", (context) =>
    check(context, "tool", async ({ place }) => {
      const path = join(place.project, "note.txt");
      await writeFile(path, note);
      const answer = word("answer");
      earlier = `${client.readCall(path)} ${say(answer)}`;
      const output = await scene?.run(client.ask(earlier, place));
      expect(output).toContain(client.keepsResults ? note : answer);
      if (!client.keepsResults) expectPost(note, say(answer));
    }));

  test("goes on with the conversation", (context) =>
    check(context, "resume", async ({ place }) => {
      const answer = word("resumed");
      const invocation = await client.resume(say(answer), place, earlier);
      const output = await scene?.run(invocation, (shown) => shown.includes(answer));
      expect(output).toContain(answer);
      expectPost(note, say(answer));
    }));

  test("aborts the site's answer on Ctrl-C", (context) =>
    check(context, "abort", async ({ place }) => {
      const question = word("question");
      const running = await scene?.start(client.ask(`${LONG_ANSWER} ${question}`, place));
      try {
        const isOurs = ({ prompt, bytesSent }: Post): boolean => prompt.includes(question) && bytesSent > 0;
        const answering = world.simulator.waitForPost(isOurs, SITE_LIMIT_MS).then(
          () => "the site answers",
          () => "the site was not asked",
        );
        const ended = running?.ended.then(() => "the client has ended");
        expect(await Promise.race([answering, ended])).toBe("the site answers");
        running?.interrupt();
        const aborted = world.simulator.waitForAbort(({ prompt }) => prompt.includes(question), SITE_LIMIT_MS);
        await expect(aborted).resolves.toMatchObject({ aborted: true });
      } finally {
        running?.kill();
        await running?.ended;
        await world.untilReady();
      }
    }));
});

function firstLine(cause: unknown): string {
  return String(cause instanceof Error ? cause.message : cause).split("\n", 1)[0] ?? "";
}
