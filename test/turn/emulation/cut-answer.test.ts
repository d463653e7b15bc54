import { expect, test } from "vitest";
import { answered, NOTE, PING, ScriptedSite, WEATHER } from "../../support/turn-site.ts";

const TOOLS = { tools: [WEATHER, NOTE, PING] };
const CALL = '<tool_call§ name="weather">{"city":"Bern"}</tool_call§>';
const BERN = ["weather", '{"city":"Bern"}'];

test("an answer cut within a call has no call and ends by its length", async () => {
  const site = new ScriptedSite(["Let me see.\n", ...Array.from(CALL)]);
  const given = await answered(site, { ...TOOLS, maxTokens: 16 });
  expect(given).toMatchObject({ text: "Let me see.", calls: [], finishReason: "length" });
  expect(site).toMatchObject({ left: 1 });
});

test.each([
  "<tool_call§ na",
  "</tool_call§",
  "<tool_call_",
  "<tool_call na",
  '<tool_call§ name="weather"',
  "<assistant§",
  "<tool_result§",
])("an answer cut within the tag %s does not show it", async (tag) => {
  for (const pieces of [[`Let me see. ${tag}`], Array.from(`Let me see. ${tag}`)]) {
    const deltas = pieces.map((text) => ({ type: "text-delta", text }) as const);
    const site = new ScriptedSite([...deltas, { type: "end", finishReason: "length" }]);
    expect(await answered(site, TOOLS)).toMatchObject({ text: "Let me see. ", calls: [], finishReason: "length" });
  }
});

test("an answer cut behind a call keeps the call", async () => {
  const given = await answered(new ScriptedSite([CALL, " and so on".repeat(50)]), { ...TOOLS, maxTokens: 40 });
  expect(given).toMatchObject({ calls: [BERN], finishReason: "length" });
});

test("a stop sequence within a call ends the answer without it", async () => {
  const given = await answered(new ScriptedSite(`Hm ${CALL}`), { ...TOOLS, stop: ["Bern"] });
  expect(given.parts).toEqual([
    { type: "text-delta", text: "Hm" },
    { type: "end", finishReason: "stop", stopSequence: "Bern" },
  ]);
});
