import type OpenAI from "openai";
import type { World } from "./world.ts";

export const STALLED = '@sim {"chunks":3,"stallAfterChunks":1,"chunkText":"half "}';

/** Occupies the account until it is released. */
export async function occupy(world: World): Promise<() => void> {
  const stream = await world.client.chat.completions.create({
    model: "gptomni",
    messages: [{ role: "user", content: STALLED }],
    stream: true,
  });
  // Leaving a loop over it would cancel it.
  const chunks = stream[Symbol.asyncIterator]();
  let text: string | null | undefined = "";
  while (!text)
    text = ((await chunks.next()) as IteratorYieldResult<OpenAI.ChatCompletionChunk>).value.choices[0]?.delta.content;
  return () => stream.controller.abort();
}

export function question(content: string): object {
  return { model: "gptomni", messages: [{ role: "user", content }] };
}
