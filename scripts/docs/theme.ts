/** Colours of every picture, readable on a light and on a dark page. An <img> follows the reader's own preference. */
export const THEME = `
svg {
  --text: #1f2328; --faint: #59636e; --line: #818b98; --panel: #f6f8fa;
  --first: #8c959f; --second: #bf8700; --third: #0969da;
}
@media (prefers-color-scheme: dark) {
  svg {
    --text: #f0f6fc; --faint: #9198a1; --line: #656c76; --panel: #151b23;
    --first: #6e7681; --second: #d29922; --third: #4493f8;
  }
}
`;
