import { expect, test } from "vitest";
import { flatten } from "../../../src/sites/prompt.ts";
import type { AnswerPart } from "../../../src/turn/ask.ts";
import { answered, answerTo, NOTE, PING, ScriptedSite, WEATHER } from "../../support/turn-site.ts";

const TOOLS = { tools: [WEATHER, NOTE, PING] };
const CALL = '<tool_call§ name="weather">{"city":"Bern"}</tool_call§>';
const BERN = ["weather", '{"city":"Bern"}'];

test.each([
  ["an unknown tool", '<tool_call§ name="wether">{}</tool_call§>', 'There is no tool named "wether"'],
  ["no name", "<tool_call§>{}</tool_call§>", "lacks the name"],
  ["broken JSON", '<tool_call§ name="weather">{"city":"Be</tool_call§>', "not valid JSON"],
  ["no JSON", '<tool_call§ name="weather">Bern</tool_call§>', "not valid JSON"],
  [
    "JSON too deep to be sent back",
    `<tool_call§ name="ping">{"a":${"[".repeat(9_000)}${"]".repeat(9_000)}}</tool_call§>`,
    "deeper than 48",
  ],
  ["a list", '<tool_call§ name="weather">["Bern"]</tool_call§>', "not a JSON object"],
])("a call with %s is asked for again", async (_name, wrong, reason) => {
  const site = new ScriptedSite(Array.from(`Let me see. ${wrong}`), `Again: ${CALL}`);
  const given = await answered(site, TOOLS);
  expect(given).toMatchObject({ text: "Let me see.", calls: [BERN], finishReason: "tool_calls" });
  expect(site.lastMessage).toMatchObject({ role: "user" });
  expect(site.lastMessage?.text).toContain(reason);
  expect(site.sent[1]?.messages.slice(0, 2)).toEqual(site.sent[0]?.messages);
});

test("asked again, the model sees its call as it would see one of earlier turns", async () => {
  const site = new ScriptedSite('Hm. <tool_call§ name="wether">{"a":1}</tool_call§>', CALL);
  await answered(site, TOOLS);
  const prompt = site.sent[1] ? flatten(site.sent[1]) : "";
  expect(prompt).toMatch(
    /<assistant_\d+>\nHm\.\n<tool_call_\d+ id="call_\w+" name="wether">\{"a":1\}<\/tool_call_\d+>\n<\/assistant_\d+>/,
  );
  expect(prompt).not.toContain("&lt;");
});

test.each([
  ["behind prose", "Let me see. "],
  ["alone", ""],
])("a call that stays wrong %s is an error, and its markup no answer", async (_name, prose) => {
  const site = new ScriptedSite(
    Array.from(`${prose}<tool_call§ name="wether">{}</tool_call§>`),
    '<tool_call§ name="wether">{}</tool_call§>',
  );
  const given: AnswerPart[] = [];
  const answer = async (): Promise<void> => {
    for await (const part of answerTo(TOOLS, site.send)) given.push(part);
  };
  await expect(answer()).rejects.toMatchObject({
    code: "tool_call_invalid",
    message: expect.stringContaining("wether"),
  });
  expect(given.map((part) => ("text" in part ? part.text : part.type)).join("")).toBe(prose.trim());
});

test("asked again, the model may answer without a call", async () => {
  const site = new ScriptedSite('<tool_call§ name="wether">{}</tool_call§>', "It is sunny.");
  expect(await answered(site, TOOLS)).toMatchObject({ text: "It is sunny.", finishReason: "stop" });
});

test.each([
  ["written again alone", [CALL.replace("Bern", "Rome")]],
  ["written again with the right one", [CALL, CALL.replace("Bern", "Rome")]],
])("a right call beside a wrong one is kept, the wrong one %s", async (_name, again) => {
  const site = new ScriptedSite([CALL, '<tool_call§ name="wether">{}</tool_call§>'], again);
  expect((await answered(site, TOOLS)).calls).toEqual([BERN, ["weather", '{"city":"Rome"}']]);
});

test("a right call beside one that stays wrong is given", async () => {
  const wrong = '<tool_call§ name="wether">{}</tool_call§>';
  const site = new ScriptedSite([wrong, CALL], wrong);
  expect(await answered(site, TOOLS)).toMatchObject({ calls: [BERN], finishReason: "tool_calls" });
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
  [{ name: "weather" }, '<tool_call§ name="ping">{}</tool_call§>', '<tool_call§ name="ping">{}</tool_call§>'],
] as const)("a call that must come (%j) and does not is an error", async (toolChoice, first, second) => {
  const site = new ScriptedSite(first, second);
  await expect(answered(site, { ...TOOLS, toolChoice })).rejects.toMatchObject({ code: "tool_call_missing" });
});
