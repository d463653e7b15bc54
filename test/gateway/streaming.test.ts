import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function directive(fault: Readonly<Record<string, unknown>>): string {
  return `@sim ${JSON.stringify(fault)}`;
}

test("the first piece of an answer arrives before the site has sent its last", async () => {
  const prompt = directive({ chunks: 5, chunkDelayMs: 60, chunkText: "piece " });
  const stream = await world.client.chat.completions.create({
    model: "gptomni",
    messages: [{ role: "user", content: prompt }],
    stream: true,
  });
  let wasRunningAtFirstPiece: boolean | undefined;
  let text = "";
  for await (const chunk of stream) {
    const piece = chunk.choices[0]?.delta.content ?? "";
    if (piece !== "") {
      const post = world.simulator.posts.find((one) => one.prompt === prompt);
      wasRunningAtFirstPiece ??= post !== undefined && post.finishedAt === undefined;
    }
    text += piece;
  }
  expect(text).toBe("piece ".repeat(5));
  expect(wasRunningAtFirstPiece).toBe(true);
});

test("a piece of megabytes that comes at once arrives whole, and at any length of what is before its characters", async () => {
  for (const chunkText of ["😀".repeat(300_000), `a${"😀".repeat(300_000)}`, "\u0001".repeat(600_000)]) {
    world.simulator.failNext({ chunks: 2, chunkDelayMs: 0, chunkText });
    const answer = await world.ask("a long answer");
    // In the message of a failure, megabytes say nothing.
    expect(answer === chunkText.repeat(2)).toBe(true);
  }
});

test("a character of four bytes that the site sends byte by byte arrives whole", async () => {
  const text = "naïve 😀 日本語 👩‍👩‍👧‍👦 end";
  const stream = await world.client.chat.completions.create({
    model: "gptomni",
    messages: [{ role: "user", content: directive({ bytewise: true, text }) }],
    stream: true,
  });
  const pieces: string[] = [];
  for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta.content ?? "");
  expect(pieces.join("")).toBe(text);
  expect(pieces.join("")).not.toContain("\uFFFD");
  for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
});

test("an answer that looks like stream framing arrives as it is", async () => {
  const text = 'data: [DONE]\n\n{"error":1}\r\u2028\u001b[31m<script>alert(1)</script>';
  await expect(world.ask(directive({ text }))).resolves.toBe(text);
});

test("an answer about HTML that is sent as text is an answer", async () => {
  const text = "<!doctype html>\n<html><body>as you asked</body></html>";
  await expect(world.ask(directive({ text }))).resolves.toBe(text);
});

test("the prompt of a lone user message reaches the site verbatim", async () => {
  const prompt = 'quotes " backticks ` ${x} </script> \u2028 \\n 😀';
  await world.ask(prompt);
  expect(world.simulator.posts.at(-1)?.prompt).toBe(prompt);
});

test("two clients at once get their own answers from two accounts", async () => {
  const prompts = Array.from({ length: 12 }, (_, index) => `question number ${index} is ${"x".repeat(index)}`);
  const answers = await Promise.all(prompts.map((prompt) => world.ask(prompt)));
  for (const [index, answer] of answers.entries()) expect(answer).toContain(prompts[index]);
  const accounts = new Set(world.simulator.posts.map((post) => post.account));
  expect(accounts).toEqual(new Set(["alice", "bob"]));
  expect(world.simulator.maxConcurrency("alice")).toBe(1);
  expect(world.simulator.maxConcurrency("bob")).toBe(1);
});

test("an answer of many megabytes arrives whole and unmixed", async () => {
  const answer = await world.ask(directive({ hugeBytes: 3_000_000 }));
  expect(Buffer.byteLength(answer)).toBe(3_000_000);
});

test("the browser tells the truth about itself, without the marks of automation", async () => {
  await world.ask("who are you");
  const headers = world.simulator.posts.at(-1)?.headers ?? {};
  expect(headers["user-agent"]).toMatch(/^Mozilla\/5\.0 \(X11; Linux x86_64\).* Chrome\/\d+\.0\.0\.0 Safari/);
  expect(headers["sec-ch-ua-platform"]).toBe('"Linux"');
  const major = /Chrome\/(\d+)/.exec(String(headers["user-agent"]))?.[1];
  expect(headers["sec-ch-ua"]).toContain(`"Chromium";v="${major}"`);
  expect(headers["referer"]).toBe(`${world.simulator.origin}/zh`);
  expect(headers["sec-fetch-site"]).toBe("same-origin");
});
