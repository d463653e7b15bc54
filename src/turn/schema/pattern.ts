/** The letters and digits that JavaScript escapes. Without the `u` flag, any other escape means the letter itself. */
const OWN_ESCAPES = new Set("bBcdDfknrsStuvwWx0123456789");
/** `[[:alpha:]]` compiles in JavaScript, but means something else. */
const POSIX_CLASS = /\[\[?:\^?[a-z]+:\]/;
const INLINE_FLAGS = /^\^?\(\?([ims]+)\)/;

/**
 * The regular expression of a schema's pattern. Patterns of PCRE and Python are translated where the meaning is exactly the same:
 * `\A`, `\z`, `(?P<name>…)` and flags at the start. Undefined for all other patterns.
 */
export function patternOf(source: string): RegExp | undefined {
  return compiled(source, "u") ?? withNeedlessEscapes(source) ?? compiled(translated(source), "u");
}

/** JavaScript's Unicode mode refuses needless escapes such as `\-` and `\_`, which many schemas have. */
function withNeedlessEscapes(source: string): RegExp | undefined {
  const escapes = [...source.matchAll(/\\([^])/g)].map(([, escaped = ""]) => escaped);
  const isForeign = escapes.some((escaped) => /[a-z0-9]/i.test(escaped) && !OWN_ESCAPES.has(escaped));
  return isForeign ? undefined : compiled(source, "");
}

function translated(source: string): string {
  const text = source
    .replace(/^\\A/, "^")
    .replace(/\\[zZ]$/, "$")
    .replaceAll("(?P<", "(?<")
    .replaceAll(/\(\?P=(\w+)\)/g, "\\k<$1>");
  const flags = INLINE_FLAGS.exec(text);
  return flags ? `(?${flags[1]}:${text.replace(/\(\?[ims]+\)/, "")})` : text;
}

function compiled(source: string, flags: string): RegExp | undefined {
  if (POSIX_CLASS.test(source)) return undefined;
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}
