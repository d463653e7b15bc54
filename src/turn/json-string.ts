const BACKSLASH = 0x5c;

/**
 * The position behind the string that opens here, with the same quote as it opens; the text's end when it is never
 * closed. A quote with an odd number of backslashes before it closes nothing. Linear.
 */
export function stringEnd(text: string, open: number): number {
  const quote = text.charAt(open);
  let from = open + 1;
  for (;;) {
    const close = text.indexOf(quote, from);
    if (close < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(close - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return close + 1;
    from = close + 1;
  }
}
