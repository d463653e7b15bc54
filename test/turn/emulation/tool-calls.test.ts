import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatRequest, ReplyPart } from "../../../src/chat.ts";
import { flatten } from "../../../src/sites/prompt.ts";
import { answered, answerTo, NOTE, PING, ScriptedSite, WEATHER } from "../../support/turn-site.ts";

const TOOLS = { tools: [WEATHER, NOTE, PING] };
const CALL = '<tool_call§ name="weather">{"city":"Bern"}</tool_call§>';
const BERN = ["weather", '{"city":"Bern"}'];

function characters(text: string): string[] {
  return Array.from(text);
}

test.each([
  ["alone", CALL, ""],
  ["with white space around it", `\n\n ${CALL}\n`, ""],
  ["behind prose", `Let me see.\n\n${CALL}`, "Let me see."],
  ["before prose", `${CALL}\nOne moment.`, "\nOne moment."],
  ["in a fence", `\`\`\`xml\n${CALL}\n\`\`\``, ""],
  ["in a fence with prose around", `I look.\n\`\`\`tool_call\n${CALL}\n\`\`\`\nDone.`, "I look.\nDone."],
  ["in backticks", `I look: \`${CALL}\``, "I look:"],
  ["with a fence inside", '<tool_call§ name="weather">\n```json\n{"city":"Bern"}\n```\n</tool_call§>', ""],
  ["with more attributes", `<tool_call§ id='call_1' name='weather' >{"city":"Bern"}</tool_call§ >`, ""],
  ["without quotes", '<tool_call§ name=weather>{"city":"Bern"}</tool_call§>', ""],
  ["in capitals", '<TOOL_CALL§ NAME="weather">{"city":"Bern"}</TOOL_CALL§>', ""],
  ["with its name in the body", '<tool_call§>{"name":"weather","arguments":{"city":"Bern"}}</tool_call§>', ""],
  [
    "with its name twice",
    '<tool_call§ name="weather">{"name":"weather","parameters":{"city":"Bern"}}</tool_call§>',
    "",
  ],
  [
    "with its arguments as text",
    String.raw`<tool_call§>{"name":"weather","arguments":"{\"city\":\"Bern\"}"}</tool_call§>`,
    "",
  ],
  ["with a comma too many", '<tool_call§ name="weather">{"city":"Bern",}</tool_call§>', ""],
  ["with white space", '<tool_call§ name="weather">\n{\n  "city": "Bern"\n}\n</tool_call§>', ""],
  ["without its closing tag", '<tool_call§ name="weather">{"city":"Bern"}', ""],
  ["in a namespace", '<tool_call§ name="functions.weather">{"city":"Bern"}</tool_call§>', ""],
  ["with escaped quotes", String.raw`<tool_call§ name="weather">{\"city\":\"Bern\"}</tool_call§>`, ""],
  ["in single quotes", "<tool_call§ name=\"weather\">{'city': 'Bern'}</tool_call§>", ""],
  ["with a closing tag of another form", '<tool_call§ name="weather">{"city":"Bern"}</tool_call>\nDone.', "\nDone."],
  ["with a second closing tag", `${CALL}</tool_call>\nDone.`, "\nDone."],
  [
    "with a closing tag of another form within",
    '<tool_call§ name="weather">{"city":"Bern"}</tool_call></tool_call§>',
    "",
  ],
  ["with white space in its name", '<tool_call§ name=" weather ">{"city":"Bern"}</tool_call§>', ""],
  ["with a fence on the line of its JSON", '<tool_call§ name="weather">```json{"city":"Bern"}```</tool_call§>', ""],
  [
    "with underscores escaped for Markdown",
    String.raw`<tool\_call\§ name="weather">{"city":"Bern"}</tool\_call\§>`,
    "",
  ],
])("a call is found %s", async (_name, answer, text) => {
  for (const pieces of [[answer], characters(answer)]) {
    const given = await answered(new ScriptedSite(pieces), TOOLS);
    expect(given).toMatchObject({ text, calls: [BERN], finishReason: "tool_calls" });
  }
});

const BARE_CALLS = [
  ["as bare JSON", '{"name": "weather", "arguments": {"city": "Bern"}}'],
  ["as a list", '[{"name":"weather","parameters":{"city":"Bern"}}]'],
  [
    "as an API has it",
    '{"tool_calls":[{"id":"1","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Bern\\"}"}}]}',
  ],
] as const;

test.each([...BARE_CALLS, ["as fenced JSON", '```json\n{"name":"weather","input":{"city":"Bern"}}\n```'] as const])(
  "a call that must come is found %s",
  async (_name, answer) => {
    const given = await answered(new ScriptedSite(characters(answer)), { ...TOOLS, toolChoice: "required" });
    expect(given).toMatchObject({ text: "", calls: [BERN], finishReason: "tool_calls" });
  },
);

test("a call is found wherever the answer is split, within its tags as well", async () => {
  const answer = `So 1 < 2.\n\`\`\`xml\n${CALL}\n\`\`\`\nBye`;
  const length = answer.length + 2 * "_123456789".length;
  for (let at = 0; at <= length; at += 1) {
    const send = async function* ({ boundary }: ChatRequest): AsyncGenerator<ReplyPart, void, undefined> {
      const text = answer.replaceAll("§", `_${boundary}`);
      yield { type: "text-delta", text: text.slice(0, at) };
      yield { type: "text-delta", text: text.slice(at) };
      yield { type: "end", finishReason: "stop" };
    };
    const parts = await Array.fromAsync(answerTo(TOOLS, send));
    expect(parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("")).toBe("So 1 < 2.\nBye");
    expect(parts.filter(({ type }) => type === "tool-call")).toMatchObject([{ name: "weather" }]);
  }
});

test.each([
  "a < b and <b>bold</b>",
  "<tool_calls> is no call, nor is <tool_callx",
  "It ends in <tool_call",
  "It ends in ```json\n",
  "[a link](https://example.org) first",
  '{"name":"Bob","arguments":"none"}',
  '{"name":"weather","arguments":{"city":"Bern"}} is how it would look',
  "```js\nconst a = {};\n```\n",
  '{"type": "object"}',
  "   ",
])("prose stays what it is: %j", async (answer) => {
  for (const pieces of [[answer], characters(answer)]) {
    const given = await answered(new ScriptedSite(pieces), TOOLS);
    expect(given).toMatchObject({ text: answer, calls: [], finishReason: "stop" });
  }
});

test("prose passes at once, but for what may be the start of a call", async () => {
  const site = new ScriptedSite(["The weather", " is <t", "oo warm>"]);
  const { parts } = await answered(site, TOOLS);
  expect(parts.flatMap((part) => (part.type === "text-delta" ? [part.text] : []))).toEqual([
    "The weather",
    " is",
    " <too warm>",
  ]);
});

test("any text without a marker passes unchanged in any pieces", async () => {
  const alphabet = fc.constantFrom(
    ...Array.from('<tool_cal>/`{[]}"\\: \n'),
    "name",
    "```json\n",
    "arguments",
    "😀",
    "prose",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(alphabet).map((part) => part.join(""))), async (pieces) => {
      const text = pieces.join("");
      fc.pre(!/<tool_call[\s>/]/i.test(text));
      expect(await answered(new ScriptedSite(pieces), TOOLS)).toMatchObject({ text, calls: [] });
    }),
    { numRuns: 500 },
  );
});

test("any arguments arrive the same in any pieces", async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.nat(200)), async (args, cuts) => {
      const json = JSON.stringify({ ...args, "</tool_call>": '</tool_call> <tool_result> "`' });
      const answer = `Well,\n<tool_call§ name="ping">${json}</tool_call§>\n<tool_call§ name="ping">{}</tool_call§>`;
      const borders = [0, ...cuts.map((cut) => cut % answer.length).sort((a, b) => a - b), answer.length];
      const pieces = borders.slice(1).map((border, index) => answer.slice(borders[index], border));
      const given = await answered(new ScriptedSite(pieces), TOOLS);
      expect(given.text).toBe("Well,");
      const first = ["ping", json];
      expect(given.calls).toEqual([first, ["ping", "{}"]]);
      const one = await answered(new ScriptedSite(pieces), { ...TOOLS, parallelToolCalls: false });
      expect(one.calls).toEqual([first]);
    }),
    { numRuns: 300 },
  );
});

test("any answer, right or wrong, is understood the same in any pieces", async () => {
  const scraps = [
    '<tool_call§ name="ping">',
    "<tool_call§>",
    '<tool_call§ name="note">',
    "</tool_call§>",
    "<tool_",
    "call",
  ];
  const json = ['{"a":1}', "{", "}", '"', "\\", '{"name":"ping","arguments":{}}', "[", "]", ","];
  const prose = ["\n", " ", "```", "`", "json", "Well", "<", ">", "😀"];
  const piece = fc.array(fc.constantFrom(...scraps, ...json, ...prose), { maxLength: 4 }).map((part) => part.join(""));
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece),
      fc.boolean(),
      fc.constantFrom("Sorry.", CALL),
      async (pieces, parallel, second) => {
        const wanted = { ...TOOLS, parallelToolCalls: parallel };
        const whole = await answered(new ScriptedSite(pieces.join(""), second), wanted);
        const split = await answered(new ScriptedSite(pieces, second), wanted);
        const single = await answered(new ScriptedSite(Array.from(pieces.join("")), second), wanted);
        for (const { text, calls, finishReason } of [split, single]) {
          expect({ text, calls, finishReason }).toEqual({
            text: whole.text,
            calls: whole.calls,
            finishReason: whole.finishReason,
          });
        }
        expect(whole.finishReason).toBe(whole.calls.length > 0 ? "tool_calls" : "stop");
      },
    ),
    { numRuns: 500 },
  );
});

test("several calls keep their order, and each has an id of its own", async () => {
  const answer = `${CALL}\n${CALL}\nand\n<tool_call§ name="ping"/>`;
  const { parts, calls } = await answered(new ScriptedSite(answer), TOOLS);
  expect(calls).toEqual([BERN, BERN, ["ping", "{}"]]);
  const ids = parts.flatMap((part) => (part.type === "tool-call" ? [part.id] : []));
  expect(new Set(ids).size).toBe(3);
  expect(ids.every((id) => /^call_[A-Za-z0-9]{24}$/.test(id))).toBe(true);
  expect(parts.map(({ type }) => type)).toEqual(["tool-call", "tool-call", "text-delta", "tool-call", "end"]);
});

test("a custom tool is given its text as it stands", async () => {
  const answer = '<tool_call§ name="note">\n{ not json, <b>"\n  indented\n</tool_call§>';
  const { parts } = await answered(new ScriptedSite(characters(answer)), TOOLS);
  expect(parts[0]).toMatchObject({ kind: "custom", name: "note", arguments: '{ not json, <b>"\n  indented' });
});

test.each([
  ['{"input":"*** Begin\\n\\"a\\""}', '*** Begin\n"a"'],
  ['\n{"name":"note","arguments":{"input":"a"}}\n', "a"],
  ['{"input":"a","more":1}', '{"input":"a","more":1}'],
  ['{"input":{"a":1}}', '{"input":{"a":1}}'],
  ['{"name":"weather","arguments":{"input":"a"}}', '{"name":"weather","arguments":{"input":"a"}}'],
])("of %j a custom tool is given the text %j", async (body, text) => {
  const given = await answered(new ScriptedSite(`<tool_call§ name="note">${body}</tool_call§>`), TOOLS);
  expect(given.calls).toEqual([["note", text]]);
});

test("with one call allowed, the first is kept and the rest is not waited for", async () => {
  const site = new ScriptedSite(["Ok. ", CALL, `\n${CALL}`, "more", "and more"]);
  const given = await answered(site, { ...TOOLS, parallelToolCalls: false });
  expect(given).toMatchObject({ text: "Ok.", calls: [BERN], finishReason: "tool_calls" });
  expect(site).toMatchObject({ pulled: 2, left: 1 });
});

test("a result that the model invents ends its turn", async () => {
  const site = new ScriptedSite([CALL, "\n</assi", "stant§>\n<tool_result§>\nSunny", "More"]);
  expect(await answered(site, TOOLS)).toMatchObject({ text: "", calls: [BERN], finishReason: "tool_calls" });
  expect(site.pulled).toBe(3);
});

test("the model is told the tools and the one way to call them, before what the caller says", async () => {
  const site = new ScriptedSite("Hi");
  await answered(site, { ...TOOLS, parallelToolCalls: false, toolChoice: "auto" });
  const [rules, user] = site.sent[0]?.messages ?? [];
  expect(user?.text).toBe("Weather in Bern?");
  expect(rules?.role).toBe("system");
  expect(rules?.text).toContain(JSON.stringify(WEATHER.parameters));
  expect(rules?.text).toContain('{"name":"note","input":"free text"}');
  expect(rules?.text).toMatch(/^<(tool_call_\d{9}) name="NAME">\{"argument": "value"\}<\/\1>$/m);
  expect(rules?.text).toContain("at most one call");
});

test("without tools nothing is told of them and a call is text", async () => {
  const call = '<tool_call name="weather">{}</tool_call>';
  const site = new ScriptedSite(call);
  expect(await answered(site)).toMatchObject({ text: call, calls: [], finishReason: "stop" });
  expect(site.sent[0]?.messages).toHaveLength(1);
});

test("leaving early lets go of the site", async () => {
  for (const wanted of [{}, TOOLS, { ...TOOLS, maxTokens: 50, stop: ["zz"] }]) {
    const site = new ScriptedSite(["One", " two", " three", " four"]);
    for await (const part of answerTo(wanted, site.send)) if (part.type === "text-delta") break;
    expect(site.left).toBe(1);
  }
});

test("reasoning passes while an answer waits for its call", async () => {
  const site = new ScriptedSite([
    { type: "reasoning-delta", text: "Hmm" },
    { type: "text-delta", text: CALL },
  ]);
  const { parts } = await answered(site, { ...TOOLS, toolChoice: "required" });
  expect(parts.map(({ type }) => type)).toEqual(["reasoning-delta", "tool-call", "end"]);
});

test("tokens are counted of all that was sent and of what was given", async () => {
  const site = new ScriptedSite('<tool_call§ name="wether">{}</tool_call§>', CALL);
  const prompts: string[] = [];
  const answer = answerTo(TOOLS, site.send, (request) => {
    prompts.push(flatten(request));
    return "one two";
  });
  await Array.fromAsync(answer);
  const count = await answer.countTokens();
  expect(prompts).toHaveLength(2);
  expect(prompts[1]).toContain("wether");
  expect(count).toEqual({ prompt: 4, completion: 6, reasoning: 0 });
});
