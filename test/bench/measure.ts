import type { Path } from "./paths.ts";
import { median, percentile } from "./statistics.ts";

export const STREAMS = 20;
/** Until pools, caches and compilers are warm: several to each account. */
const WARM_UP_ROUNDS = 5 * STREAMS;
const FIRST_TOKEN_ROUNDS = 200;
const STREAM_ROUNDS = 3;
const PACED = { stamps: true, chunks: 150, chunkDelayMs: 10 };
const BULK = { stamps: true, chunks: 2_000_000, chunkDelayMs: 0 };

/** What one path did. The paths take turns, round by round, so that a noisy moment of the machine meets all of them. */
export interface Figures {
  readonly firstTokenMs: number[];
  readonly lagMs: number[];
  readonly lagOf20Ms: number[];
  /** Time of 20 streams at once over that of one alone, a figure a round. */
  readonly crowding: number[];
  readonly bytesPerSecond: number[];
}

interface Measured {
  readonly path: Path;
  readonly figures: Figures;
}

export async function measure(paths: readonly Path[]): Promise<Figures[]> {
  const all = unmeasured(paths);
  await measureDelays(all);
  await measureThroughput(all);
  return all.map(({ figures }) => figures);
}

export function unmeasured(paths: readonly Path[]): readonly Measured[] {
  return paths.map((path) => ({ path, figures: noFigures() }));
}

/** First tokens and the lag of chunks. */
export async function measureDelays(all: readonly Measured[]): Promise<void> {
  for (let round = 0; round < WARM_UP_ROUNDS + FIRST_TOKEN_ROUNDS; round += 1) {
    for (const { path, figures } of all) {
      const ms = await firstTokenMs(path, round);
      if (round >= WARM_UP_ROUNDS) figures.firstTokenMs.push(ms);
    }
  }
  for (const { path } of all) await streamPaced(path, noFigures());
  for (let round = 0; round < STREAM_ROUNDS; round += 1) {
    for (const { path, figures } of all) await streamPaced(path, figures);
  }
}

async function measureThroughput(all: readonly Measured[]): Promise<void> {
  for (const { path } of all) await bulkBytesPerSecond(path);
  for (let round = 0; round < STREAM_ROUNDS; round += 1) {
    for (const { path, figures } of all) figures.bytesPerSecond.push(await bulkBytesPerSecond(path));
  }
}

/** The ratio of two paths' medians. */
export function ratio(one: readonly number[], other: readonly number[]): string {
  return (median(one) / median(other)).toFixed(2);
}

export function formatMs(samples: readonly number[], share: number): string {
  return percentile(samples, share).toFixed(2);
}

function noFigures(): Figures {
  return { firstTokenMs: [], lagMs: [], lagOf20Ms: [], crowding: [], bytesPerSecond: [] };
}

export async function firstTokenMs(path: Path, round: number): Promise<number> {
  const startedAt = performance.now();
  let ms: number | undefined;
  for await (const piece of path.ask(prompt({ chunks: 1, chunkDelayMs: 0 }, `round ${round}`), round % STREAMS)) {
    if (piece !== "") ms ??= performance.now() - startedAt;
  }
  if (ms === undefined) throw new Error(`${path.name} gave no text`);
  return ms;
}

async function streamPaced(path: Path, { lagMs, lagOf20Ms, crowding }: Figures): Promise<void> {
  let startedAt = performance.now();
  await readStamped(path.ask(prompt(PACED), 0), (ms) => lagMs.push(ms));
  const oneMs = performance.now() - startedAt;
  startedAt = performance.now();
  const streams = Array.from({ length: STREAMS }, (_, index) =>
    readStamped(path.ask(prompt(PACED, `stream ${index}`), index), (ms) => lagOf20Ms.push(ms)),
  );
  await Promise.all(streams);
  crowding.push((performance.now() - startedAt) / oneMs);
}

async function bulkBytesPerSecond(path: Path): Promise<number> {
  const startedAt = performance.now();
  // Until the last of the text: what comes after it are token counts.
  let lastMs = startedAt;
  const bytes = await readStamped(path.ask(prompt(BULK), 0), () => (lastMs = performance.now()));
  return bytes / ((lastMs - startedAt) / 1000);
}

/** Reads a stamped answer; each line is the time at which the site wrote it. */
async function readStamped(text: AsyncIterable<string>, onLag: (ms: number) => void): Promise<number> {
  let rest = "";
  let bytes = 0;
  for await (const piece of text) {
    const at = performance.timeOrigin + performance.now();
    bytes += Buffer.byteLength(piece);
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLag(at - Number.parseFloat(line));
  }
  return bytes;
}

function prompt(directive: Readonly<Record<string, unknown>>, note = ""): string {
  return `${note}\n@sim ${JSON.stringify(directive)}`;
}
