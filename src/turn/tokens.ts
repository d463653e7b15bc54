import { setImmediate } from "node:timers/promises";

/** The tokenizer's time grows with the square of a run without a break: 40,000 equal letters would take 1.3 s. */
const SLICE_CHARACTERS = 2_000;
/** How long counting may keep the event loop to itself. */
const TURN_MS = 10;
/** `<|endoftext|>` in a user's text is text. */
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() };

type Tokenizer = Pick<typeof import("gpt-tokenizer/encoding/o200k_base"), "countTokens">;
let tokenizer: Promise<Tokenizer> | undefined;

/** Loads the vocabulary, which takes a quarter of a second and 70 MB: at first use, or before it. */
export async function warmTokenizer(): Promise<void> {
  await loadTokenizer();
}

/** Tokens of o200k_base; the site's own model may count differently. */
export async function countTokens(text: string): Promise<number> {
  if (text === "") return 0;
  const { countTokens: count } = await loadTokenizer();
  let tokens = 0;
  let turnStartedMs = performance.now();
  for (const slice of slices(text)) {
    tokens += count(slice, AS_PLAIN_TEXT);
    if (performance.now() - turnStartedMs < TURN_MS) continue;
    await setImmediate();
    turnStartedMs = performance.now();
  }
  return tokens;
}

function loadTokenizer(): Promise<Tokenizer> {
  tokenizer ??= import("gpt-tokenizer/encoding/o200k_base");
  return tokenizer;
}

/** Cuts before a lone space, where no token spans; only a run that has none is cut anywhere. */
function* slices(text: string): Generator<string, void, undefined> {
  let from = 0;
  while (text.length - from > SLICE_CHARACTERS) {
    const to = cutBefore(text, from, from + SLICE_CHARACTERS);
    yield text.slice(from, to);
    from = to;
  }
  yield text.slice(from);
}

function cutBefore(text: string, from: number, limit: number): number {
  for (let at = limit; at > from + SLICE_CHARACTERS / 2; at -= 1) {
    if (text[at] === " " && /\S\s\S/.test(text.slice(at - 1, at + 2))) return at;
  }
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
}
