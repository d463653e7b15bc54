/** Text whose names of settings and the like stand between backticks. */
export function WithCode({ text }: { readonly text: string }) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}
