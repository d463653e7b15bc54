import { expect } from "vitest";
import { ENDLESS } from "../fuzz/hostile-schemas.ts";
import type { Asked } from "./asked.ts";
import type { Row } from "./row.ts";
import type { Scene } from "./scene.ts";

const KEY = "sk-annas-0123456789abcdef";
const ASKED_LIMIT_MS = 20_000;

/** Asks for JSON that meets the schema, as the bystander's key does not; the site answers this value. */
async function askFor(scene: Scene, schema: unknown, value: unknown): Promise<Asked> {
  const words = scene.prompt({ text: JSON.stringify(value) });
  const body = JSON.stringify({
    model: "gptomni",
    messages: [{ role: "user", content: words }],
    response_format: { type: "json_schema", json_schema: { name: "given", strict: true, schema } },
  });
  const headers = { authorization: `Bearer ${KEY}` };
  const asked = scene.record({ prompt: words, send: (signal) => scene.post(body, { headers, signal }) });
  const { prompt } = await scene.world.simulator.waitForPost((post) => post.prompt.includes(words), ASKED_LIMIT_MS);
  asked.prompt = prompt;
  await asked.over;
  return asked;
}

function askForAll(names: RegExp) {
  return async (scene: Scene): Promise<Asked> => {
    scene.strike();
    const some = ENDLESS.filter(({ name }) => names.test(name));
    expect(some.length).toBeGreaterThan(1);
    const asked: Asked[] = [];
    for (const { schema, value } of some) asked.push(await askFor(scene, schema, value));
    expect(asked.map(({ got }) => got)).toEqual(asked.map(() => "answer"));
    await scene.bystanderHasMore();
    const [first] = asked;
    if (!first) throw new Error("nothing was asked");
    return first;
  };
}

/** What takes for ever to check, asked for with another key than the bystander's. */
export const SCHEMA_ROWS: readonly Row[] = [
  {
    id: "F49a",
    fault: "schemas that fan out over 40 levels, while another key's answer is under way",
    gets: "answer",
    scene: { settings: { API_KEYS: `anna=${KEY}` } },
    run: askForAll(/fans out/),
  },
  {
    id: "F49b",
    fault: "patterns that never end, while another key's answer is under way",
    gets: "answer",
    scene: { settings: { API_KEYS: `anna=${KEY}` } },
    run: askForAll(/pattern/),
  },
];
