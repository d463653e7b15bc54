import { expect, test } from "vitest";
import { flatten } from "../src/sites/prompt.ts";
import { answered, NOTE, PING, ScriptedSite, WEATHER } from "./turn-site.ts";

const TOOLS = { tools: [WEATHER, NOTE, PING] };
const CALL = '<tool_call name="weather">{"city":"Bern"}</tool_call>';
const BERN = ["weather", '{"city":"Bern"}'];

test.each([
  ["an unknown tool", '<tool_call name="wether">{}</tool_call>', 'There is no tool named "wether"'],
  ["no name", "<tool_call>{}</tool_call>", "lacks the name"],
  ["broken JSON", '<tool_call name="weather">{"city":"Be</tool_call>', "not valid JSON"],
  ["no JSON", '<tool_call name="weather">Bern</tool_call>', "not valid JSON"],
  ["a list", '<tool_call name="weather">["Bern"]</tool_call>', "not a JSON object"],
  ["a missing argument", '<tool_call name="weather">{"days":2}</tool_call>', "must have required property 'city'"],
  ["a wrong argument in bare JSON", '{"name":"weather","arguments":{"city":1}}', "/city must be string"],
])("a call with %s is asked for again", async (_name, wrong, reason) => {
  const site = new ScriptedSite(Array.from(`Let me see. ${wrong}`.replace(/^.*?(?=\{"name)/, "")), `Again: ${CALL}`);
  const given = await answered(site, TOOLS);
  expect(given).toMatchObject({ calls: [BERN], finishReason: "tool_calls" });
  expect(given.text).toBe(wrong.startsWith("{") ? "Again:" : "Let me see.");
  expect(site.lastMessage).toMatchObject({ role: "user" });
  expect(site.lastMessage?.text).toContain(reason);
  expect(site.sent[1]?.messages.slice(0, 2)).toEqual(site.sent[0]?.messages);
});

test("asked again, the model sees its call as it would see one of earlier turns", async () => {
  const site = new ScriptedSite('Hm. <tool_call name="wether">{"a":1}</tool_call>', CALL);
  await answered(site, TOOLS);
  const prompt = flatten({ messages: site.sent[1]?.messages ?? [] });
  expect(prompt).toMatch(
    /<assistant>\nHm\.\n<tool_call id="call_\w+" name="wether">\{"a":1\}<\/tool_call>\n<\/assistant>/,
  );
  expect(prompt).not.toContain("&lt;");
});

test.each([
  ["behind prose", "Let me see. "],
  ["alone", ""],
])("a call that stays wrong %s is given as text, once", async (_name, prose) => {
  const wrong = `${prose}<tool_call name="wether">{}</tool_call>`;
  const site = new ScriptedSite(Array.from(wrong), '<tool_call name="weather">{}</tool_call>');
  expect(await answered(site, TOOLS)).toMatchObject({ text: wrong, calls: [], finishReason: "stop" });
});

test("asked again, the model may answer without a call", async () => {
  const site = new ScriptedSite('<tool_call name="wether">{}</tool_call>', "It is sunny.");
  expect(await answered(site, TOOLS)).toMatchObject({ text: "It is sunny.", finishReason: "stop" });
});

test("one wrong call among right ones gives none of them before they are asked for again", async () => {
  const site = new ScriptedSite([CALL, '<tool_call name="wether">{}</tool_call>'], [CALL, CALL]);
  expect((await answered(site, TOOLS)).calls).toEqual([BERN, BERN]);
});

test.each(["required", { name: "weather" }] as const)(
  "a call that must come (%j) is asked for again",
  async (toolChoice) => {
    const site = new ScriptedSite("Which city?", CALL);
    expect(await answered(site, { ...TOOLS, toolChoice })).toMatchObject({ text: "", calls: [BERN] });
    expect(site.sent[0]?.messages[0]?.text).toContain("This turn must call");
    expect(site.lastMessage?.text).toContain("no tool call");
  },
);

test.each([
  ["required", "Which city?", "Which one?"],
  [{ name: "weather" }, '<tool_call name="ping">{}</tool_call>', '<tool_call name="ping">{}</tool_call>'],
  ["required", '<tool_call name="weather">{}</tool_call>', "No."],
] as const)("a call that must come (%j) and does not is an error", async (toolChoice, first, second) => {
  const site = new ScriptedSite(first, second);
  await expect(answered(site, { ...TOOLS, toolChoice })).rejects.toMatchObject({ code: "tool_call_missing" });
});
