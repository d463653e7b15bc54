import { expect, test } from "vitest";
import { JSON_HEADERS, serve } from "../support/scripted-gateway.ts";

const BODY = {
  model: "gptomni",
  stream: true,
  messages: [{ role: "user", content: "Weather in Bern?" }],
  tools: [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }],
};

test("a retry that joins a running answer gets its call too, and the site is asked once", async () => {
  const joined = Promise.withResolvers<void>();
  let asked = 0;
  const { url } = await serve(async function* () {
    asked += 1;
    yield { type: "text-delta", text: "Let me see. And now" };
    await joined.promise;
    yield { type: "text-delta", text: '\n<tool_call§ name="weather">{"city":"Bern"}</tool_call§>' };
    yield { type: "end", finishReason: "stop" };
  });
  const post = (headers: Record<string, string> = {}) => {
    const init = { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(BODY) };
    return fetch(`${url}/v1/chat/completions`, init);
  };
  const first = await post();
  const second = await post({ "x-stainless-retry-count": "1" });
  joined.resolve();
  for (const answer of [await first.text(), await second.text()]) {
    expect(answer).toContain(String.raw`"arguments":"{\"city\":\"Bern\"}"`);
    expect(answer).toContain('"finish_reason":"tool_calls"');
    expect(answer).not.toContain("<tool_call");
  }
  expect(asked).toBe(1);
});
