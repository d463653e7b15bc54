import { expect, test } from "vitest";
import { GatewayError } from "../../../src/errors.ts";
import { HOSTILE_ANSWERS, type HostileAnswer } from "../../fuzz/hostile-answers.ts";
import { threadCpuMs } from "../../support/thread-cpu.ts";
import { answered, ScriptedSite } from "../../support/turn-site.ts";

/** An answer is made longer until reading it takes so long that the clock can tell, or until this length. */
const SHORTEST_CHARACTERS = 4_000;
const LONGEST_CHARACTERS = 500_000;
const MEASURABLE_MS = 4;
const ROUNDS = 5;
/** Four times the length takes sixteen times as long where time grows with the square. */
const LENGTHENED = 4;
const MOST_GROWTH = 8;

test.each(
  HOSTILE_ANSWERS.flatMap((hostile) => [
    [hostile.name, hostile, Infinity] as const,
    [`${hostile.name}, in small pieces`, hostile, 100] as const,
  ]),
)(
  "an answer is read in linear time that is %s",
  async (_name, hostile, pieceCharacters) => {
    let characters = SHORTEST_CHARACTERS;
    const read = (length: number) => quickestMs(hostile, length, pieceCharacters);
    while (characters < LONGEST_CHARACTERS && (await readingMs(hostile, characters, pieceCharacters)) < MEASURABLE_MS)
      characters *= 2;
    const growths: number[] = [];
    // Other work on the machine makes some rounds slower, and none of them quicker.
    for (let round = 0; round < ROUNDS && !(Math.min(...growths) < MOST_GROWTH); round += 1) {
      const once = await read(characters);
      growths.push((await read(LENGTHENED * characters)) / once);
    }
    expect(Math.min(...growths), `from ${characters} characters`).toBeLessThan(MOST_GROWTH);
  },
  60_000,
);

async function quickestMs(hostile: HostileAnswer, characters: number, pieceCharacters: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) times.push(await readingMs(hostile, characters, pieceCharacters));
  return Math.min(...times);
}

async function readingMs(
  { wanted, text }: HostileAnswer,
  characters: number,
  pieceCharacters: number,
): Promise<number> {
  const site = new ScriptedSite(pieces(text(characters), pieceCharacters), "No.");
  const beforeMs = threadCpuMs();
  await answered(site, wanted).catch((cause: unknown) => {
    // That the answer cannot be used is right; what comes of each is tested elsewhere.
    if (!(cause instanceof GatewayError)) throw cause;
  });
  return threadCpuMs() - beforeMs;
}

function pieces(text: string, characters: number): readonly string[] {
  if (text.length <= characters) return [text];
  return Array.from({ length: Math.ceil(text.length / characters) }, (_, index) =>
    text.slice(index * characters, (index + 1) * characters),
  );
}
