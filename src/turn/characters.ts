/** The same place in the text, or one earlier where it would split a surrogate pair. */
export function wholeCharacters(text: string, cut: number): number {
  const code = text.charCodeAt(cut - 1);
  return cut > 0 && cut < text.length && code >= 0xd800 && code <= 0xdbff ? cut - 1 : cut;
}
