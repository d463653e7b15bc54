import type OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scriptIn } from "../../src/simulator/script.ts";
import { openWorld, type World } from "../support/world.ts";

const FORMS = {
  plain: ["tool_call", ""],
  "numbered tags": ["tool_call_482913750", "_482913750"],
} as const;

/** A prompt as the gateway makes one, with tools declared. */
function transcript(form: keyof typeof FORMS, ...turns: readonly (readonly [role: string, text: string])[]): string {
  const [call, suffix] = FORMS[form];
  const rules = `You can call tools.\n[{"name":"files__read","parameters":{}},{"name":"write"}]\n<${call} name="NAME">{"argument": "value"}</${call}>`;
  const all = [["system", rules] as const, ...turns];
  return all.map(([role, text]) => `<${role}${suffix}>\n${text}\n</${role}${suffix}>`).join("\n\n");
}

describe.each(["plain", "numbered tags"] as const)("a scripted model, with %s", (form) => {
  const [call] = FORMS[form];
  const read = `<${call} name="write">{"path":"a]]b","list":[[1]]}</${call}>`;
  const script =
    '[[say Let me see.]] [[call write {"path":"a]]b","list":[[1]]}]] [[say First.]] [[call write 2]] [[say Last.]]';

  test("calls a tool in the form that the rules show, and goes on with each result", () => {
    const asked = ["user", script] as const;
    expect(scriptIn(transcript(form, asked))).toEqual({ text: `Let me see.\n${read}` });
    const called = ["assistant", `<${call} id="call_1" name="write">{}</${call}>`] as const;
    const tagged = transcript(form, asked, called, ["tool_result", "one"]).replace(
      /<tool_result[^>]*/,
      `$& id="call_1"`,
    );
    expect(scriptIn(tagged)).toEqual({ text: `First.\n<${call} name="write">2</${call}>` });
    expect(scriptIn(transcript(form, asked, called, ["tool_result", "one"], called, ["tool_result", "two"]))).toEqual({
      text: "Last.",
    });
  });

  test("writes the same call again when it is asked to", () => {
    const called = ["assistant", `<${call} id="call_1" name="write">{</${call}>`] as const;
    const prompt = transcript(form, ["user", script], called, ["user", "Your last turn cannot be used."]);
    expect(scriptIn(prompt)?.text).toContain(read);
  });

  test("follows the last turn that holds a script, and none that is answered", () => {
    const earlier = [["user", "[[say One.]]"] as const, ["assistant", "One."] as const];
    expect(scriptIn(transcript(form, ...earlier, ["user", "[[say Two.]]"]))).toEqual({ text: "Two." });
    expect(scriptIn(transcript(form, ...earlier, ["user", "And now?"]))).toBeUndefined();
  });

  test("finds a namespaced tool by the end of its name, and says when there is none", () => {
    expect(scriptIn(transcript(form, ["user", "[[call read {}]]"]))?.text).toBe(
      `<${call} name="files__read">{}</${call}>`,
    );
    expect(scriptIn(transcript(form, ["user", "[[call ead {}]]"]))?.text).toBe("I have no tool ead.");
  });
});

test("a lone message may be a script", () => {
  expect(scriptIn('[[say Wait]] [[sim {"stallAfterChunks":1}]]')).toEqual({ text: "Wait", stallAfterChunks: 1 });
  expect(scriptIn("[[sim {]]")).toEqual({ status: 400 });
  expect(scriptIn("[[ ]] [[call]] [[says x]]")).toBeUndefined();
});

describe("through the gateway", () => {
  let world: World;
  beforeAll(async () => void (world = await openWorld({ accounts: ["alice"] })));
  afterAll(() => world[Symbol.asyncDispose]());

  const tools: OpenAI.ChatCompletionFunctionTool[] = [{ type: "function", function: { name: "read", parameters: {} } }];

  async function say(
    ...messages: OpenAI.ChatCompletionMessageParam[]
  ): Promise<OpenAI.ChatCompletionMessage | undefined> {
    const completion = await world.client.chat.completions.create({ model: "gptomni", tools, messages });
    return completion.choices[0]?.message;
  }

  test("a message makes the demo's model call a tool, and answer once it has the result", async () => {
    const question = { role: "user", content: '[[call read {"path":"a.txt"}]] [[say I have read it.]]' } as const;
    const first = await say(question);
    const call = first?.tool_calls?.[0];
    expect(call).toMatchObject({ function: { name: "read", arguments: '{"path":"a.txt"}' } });
    const result = { role: "tool", tool_call_id: call?.id ?? "", content: "words" } as const;
    const second = await say(question, { role: "assistant", tool_calls: first?.tool_calls ?? [] }, result);
    expect(second?.content).toBe("I have read it.");
  });

  test("a conversation is answered with its last question, not with all of it", async () => {
    const answer = await say({ role: "system", content: "Be short." }, { role: "user", content: "Who are you?" });
    expect(answer?.content).toBe("You said: Who are you?");
  });
});
