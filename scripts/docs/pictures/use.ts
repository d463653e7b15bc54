import { setTimeout as delay } from "node:timers/promises";
import type { Simulator } from "../../../src/simulator/simulator.ts";

const CALLERS = ["open-webui", "claude-code", "translator"];
const ROUNDS = 4;
const ASKED_IN_A_ROUND = 12;
const ROUND_MS = 45_000;
const OFF = "family";

/** Requests of several keys over some minutes, a few of which fail at the site; and an account that is switched off. */
export async function useForAWhile(url: string, adminKey: string, simulator: Simulator): Promise<void> {
  const operator = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  const keys = await Promise.all(
    CALLERS.map(async (name) => {
      const body = JSON.stringify({ name });
      const response = await fetch(`${url}/admin/api/keys`, { method: "POST", headers: operator, body });
      return ((await response.json()) as { key: string }).key;
    }),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round % 2 === 1) simulator.failNext({ status: 500 });
    if (round === 2) simulator.failNext({ chunks: 20, resetAfterChunks: 5 });
    const asked = Array.from({ length: ASKED_IN_A_ROUND - round }, (_, index) => {
      const words = "word ".repeat(8 + ((index * 7) % 40));
      return ask(url, keys[index % (keys.length - (round % 2))] ?? "", words);
    });
    await Promise.all(asked);
    await delay(ROUND_MS);
  }
  await fetch(`${url}/admin/api/accounts/${OFF}/disable`, { method: "POST", headers: operator });
}

async function ask(url: string, key: string, content: string): Promise<void> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gptomni", stream: true, messages: [{ role: "user", content }] }),
  });
  await response.text();
}
