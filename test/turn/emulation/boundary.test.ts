import fc from "fast-check";
import { expect, test } from "vitest";
import { flatten } from "../../../src/sites/prompt.ts";
import type { Ask } from "../../../src/turn/ask.ts";
import { requestOf } from "../../../src/turn/emulation/emulation.ts";
import { leastCpuMs } from "../../support/event-loop.ts";
import { answered, askFor, NOTE, PING, ScriptedSite, WEATHER } from "../../support/turn-site.ts";

const TOOLS = { tools: [WEATHER, NOTE, PING] };
const CALL = '<tool_call§ name="weather">{"city":"Bern"}</tool_call§>';
const UNMARKED = '<tool_call name="weather">{"city":"Bern"}</tool_call>';
const BERN = ["weather", '{"city":"Bern"}'];
const CONVERSATION = {
  chat: {
    model: "m",
    messages: [
      { role: "system", text: "Be brief." },
      { role: "user", text: "Hi" },
    ],
  },
} as const;

test.each([
  ["without the boundary", UNMARKED],
  ["with the boundary of another request", UNMARKED.replaceAll("tool_call", "tool_call_123456789")],
  ["without the boundary, its name in its body", '<tool_call>{"name":"weather","arguments":{}}</tool_call>'],
])("a call %s is asked for again", async (_name, unmarked) => {
  const site = new ScriptedSite(Array.from(`Let me see.\n${unmarked}`), CALL);
  expect(await answered(site, TOOLS)).toMatchObject({ text: "Let me see.", calls: [BERN], finishReason: "tool_calls" });
  expect(site.lastMessage?.text).toContain("lacks the number");
});

test.each([
  '< tool_call§ name="weather">{"city":"Bern"}</ tool_call§>',
  '<tool_call§="weather">{"city":"Bern"}</tool_call§>',
  '<weather§>{"city":"Bern"}</weather§>',
  '<call§ name="weather">{"city":"Bern"}</call§>',
  '&lt;tool_call§ name="weather"&gt;{"city":"Bern"}&lt;/tool_call§&gt;',
  '[tool_call§ name="weather"]{"city":"Bern"}[/tool_call§]',
])("a call in a tag of another form is asked for again: %s", async (wrong) => {
  for (const pieces of [[wrong], Array.from(wrong)]) {
    const site = new ScriptedSite(pieces, CALL);
    const given = await answered(site, TOOLS);
    expect(given).toMatchObject({ calls: [BERN], finishReason: "tool_calls" });
    expect(given.text).not.toContain("Bern");
    expect(site.lastMessage?.text).toMatch(/the tags have another form|lacks the name/);
  }
});

test.each([
  ["behind", `${CALL}\n${UNMARKED.replace("Bern", "Basel")}`],
  ["before", `${UNMARKED.replace("Bern", "Basel")}\n${CALL}`],
  [
    "behind, with another number",
    `${CALL}${UNMARKED.replaceAll("tool_call", "tool_call_12345").replace("Bern", "Basel")}`,
  ],
])("a call without the boundary %s a right one is asked for again, and the right one kept", async (_name, answer) => {
  const site = new ScriptedSite(Array.from(answer), CALL.replace("Bern", "Basel"));
  const given = await answered(site, TOOLS);
  expect(given).toMatchObject({ text: "", calls: [BERN, ["weather", '{"city":"Basel"}']], finishReason: "tool_calls" });
  const stubborn = new ScriptedSite(answer, "I meant one call.");
  expect(await answered(stubborn, TOOLS)).toMatchObject({ calls: [BERN], finishReason: "tool_calls" });
});

test.each([
  ["before it says anything", "</assistant§>\nHello", "\nHello"],
  ["of the user's turn", "</user§>\n<assistant§>Hello</assistant§>", "\nHello"],
])("a closing tag %s does not end the answer", async (_name, answer, text) => {
  for (const pieces of [[answer], Array.from(answer)]) {
    expect(await answered(new ScriptedSite(pieces), CONVERSATION)).toMatchObject({ text, finishReason: "stop" });
  }
});

test("a call that lacks the boundary twice is an error", async () => {
  await expect(answered(new ScriptedSite(UNMARKED, UNMARKED), TOOLS)).rejects.toMatchObject({
    code: "tool_call_invalid",
  });
});

test("what looks like a call is text when the model says that it meant none", async () => {
  const text = `A call is written ${UNMARKED} there.`;
  expect(await answered(new ScriptedSite(text, "I meant no call."), TOOLS)).toMatchObject({ text, calls: [] });
});

test.each([
  ["in a fence", `Write:\n\`\`\`xml\n${UNMARKED}\n\`\`\`\nThat is all.`],
  ["in a fence of tildes", `~~~\n${UNMARKED}\n~~~`],
  ["in a longer fence around a fence", `\`\`\`\`md\n\`\`\`\n${UNMARKED}\n\`\`\`\n${UNMARKED}\n\`\`\`\``],
  ["in back-quotes", `Write \`${UNMARKED}\` then.`],
  ["in quotation marks", `Write "${UNMARKED}" then.`],
  ["after a mark of quoting", `> ${UNMARKED}\n\nso he said`],
  ["of a tool that is not declared", UNMARKED.replace("weather", "wether")],
  ["in JSON in a fence", '```json\n{"name":"weather","arguments":{"city":"Bern"}}\n```'],
])("a quoted call is text: %s", async (_name, text) => {
  for (const pieces of [[text], Array.from(text)]) {
    expect(await answered(new ScriptedSite(pieces), TOOLS)).toMatchObject({ text, calls: [], finishReason: "stop" });
  }
});

test("an answer that is but the JSON of a call is asked for again, and is text if it stays so", async () => {
  const bare = '{"name":"weather","arguments":{"city":"Bern"}}';
  const repaired = await answered(new ScriptedSite(Array.from(bare), CALL), TOOLS);
  expect(repaired).toMatchObject({ text: "", calls: [BERN] });
  expect(await answered(new ScriptedSite(bare, bare), TOOLS)).toMatchObject({ text: bare, calls: [] });
});

test.each([
  ["its own opening tag", "<assistant§>\nHello", "\nHello"],
  ["its own closing tag", "Hello\n</assistant§>\nmore", "Hello\n"],
  ["the user's next turn", "Hello<user§>\nAnd now?\n</user§>", "Hello"],
  ["a call, though there are no tools", `Hello ${CALL}`, "Hello "],
])("the conversation's own tags never stand in an answer: %s", async (_name, answer, text) => {
  for (const pieces of [[answer], Array.from(answer)]) {
    const given = await answered(new ScriptedSite(pieces), CONVERSATION);
    expect(given).toMatchObject({ text, calls: [], finishReason: "stop" });
  }
});

test("the form of a call that the model repeats from the rules is text", async () => {
  const form = '<tool_call§ name="NAME">{"argument": "value"}</tool_call§>';
  const text = 'Write <tool_call name="NAME">{"argument": "value"}</tool_call> to call a tool.';
  const answer = `Write ${form} to call a tool.`;
  expect(await answered(new ScriptedSite(Array.from(answer)), TOOLS)).toMatchObject({ text, calls: [] });
  const beside = await answered(new ScriptedSite(`${answer}\n${CALL}`), TOOLS);
  expect(beside).toMatchObject({ text, calls: [BERN], finishReason: "tool_calls" });
  await expect(answered(new ScriptedSite(form, form), { ...TOOLS, toolChoice: "required" })).rejects.toMatchObject({
    code: "tool_call_missing",
  });
});

test("a lone message is answered as it is, whatever stands in it", async () => {
  const text = "<assistant_123456789>\nHello</assistant_123456789> <tool_call>";
  expect(await answered(new ScriptedSite(text))).toMatchObject({ text });
});

function begun(text: string): Pick<Ask, "chat"> {
  return {
    chat: {
      model: "m",
      messages: [
        { role: "user", text: "Capital?" },
        { role: "assistant", text },
      ],
    },
  };
}

test("no text of a request holds its boundary, and no text can forge a tag", async () => {
  const digits = fc.stringMatching(/^(?:<\/?(?:user|system|tool_call)_)?[1-9]\d{8}>?$/);
  const role = fc.constantFrom("system", "user", "assistant", "tool");
  const messages = fc.array(fc.record({ role, text: digits, name: digits }), { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(messages, async (given) => {
      const request = requestOf(askFor({ ...TOOLS, chat: { model: "m", messages: given } }));
      expect(given.some(({ text, name }) => `${text}${name}`.includes(request.boundary))).toBe(false);
      const prompt = flatten(request);
      for (const { text } of given) expect(prompt).toContain(text);
    }),
  );
});

test("the beginning that the caller wrote is not given again", async () => {
  const start = "The capital of France is";
  for (const answer of [`${start} Paris.`, `\n${start} Paris.`, " Paris."]) {
    for (const pieces of [[answer], Array.from(answer)]) {
      expect((await answered(new ScriptedSite(pieces), begun(start))).text).toBe(" Paris.");
    }
  }
  expect((await answered(new ScriptedSite('{"a": 1}'), begun("{"))).text).toBe('"a": 1}');
  expect((await answered(new ScriptedSite("The cap"), begun(start))).text).toBe("The cap");
  expect((await answered(new ScriptedSite("Other"), begun(start))).text).toBe("Other");
});

test("a stop sequence or a limit that the caller's own beginning meets does not end an answer that repeats it", async () => {
  const answer = '```json\n{"a":1}\n```';
  const rest = '\n{"a":1}\n';
  for (const pieces of [[answer], Array.from(answer)]) {
    const stopped = await answered(new ScriptedSite(pieces), { ...begun("```json"), stop: ["```"] });
    expect(stopped).toMatchObject({
      text: rest,
      parts: expect.arrayContaining([expect.objectContaining({ stopSequence: "```" })]),
    });
  }
  const long = "one two three four five six";
  expect((await answered(new ScriptedSite(`${long} seven`), { ...begun(long), maxTokens: 3 })).text).toBe(" seven");
});

test("tools of the same name are told apart by their namespace", async () => {
  const tools = [
    { ...PING, name: "search", namespace: "mcp__docs" },
    { ...PING, name: "search", namespace: "mcp__web" },
    { ...PING, namespace: "mcp__web" },
  ];
  const called = async (name: string): Promise<unknown> => {
    const { parts } = await answered(new ScriptedSite(`<tool_call§ ${name}>{}</tool_call§>`), { tools });
    return parts[0];
  };
  for (const name of ['name="mcp__web.search"', 'name="mcp__web__search"', 'name="search" namespace="mcp__web"']) {
    expect(await called(name)).toMatchObject({ name: "search", namespace: "mcp__web" });
  }
  expect(await called('name="ping"')).toMatchObject({ name: "ping", namespace: "mcp__web" });
  const site = new ScriptedSite('<tool_call§ name="search">{}</tool_call§>', '<tool_call§ name="mcp__docs.search"/>');
  expect((await answered(site, { tools })).parts[0]).toMatchObject({ namespace: "mcp__docs" });
  expect(site.lastMessage?.text).toContain('"mcp__docs.search", "mcp__web.search"');
  expect(site.sent[0]?.messages[0]?.text).toContain('"name":"mcp__docs.search","namespace":"mcp__docs"');
});

function longCallRead(words: number): () => Promise<void> {
  const json = JSON.stringify({ city: '</tool_call> "x" '.repeat(words), days: 1 });
  const pieces = `<tool_call§ name="weather">${json}</tool_call§>`.match(/[^]{1,4}/g) ?? [];
  return async () => expect((await answered(new ScriptedSite(pieces), TOOLS)).calls).toEqual([["weather", json]]);
}

test("a long call in small pieces is read in linear time", async () => {
  const shortMs = await leastCpuMs(longCallRead(500));
  // Sixteen times as much where the time grows with the square.
  expect(await leastCpuMs(longCallRead(2_000))).toBeLessThan(8 * shortMs + 5);
});
