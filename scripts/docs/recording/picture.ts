import type { Line } from "./recording.ts";

const COLUMNS = 116;
const ROW_PX = 17;
const CHARACTER_PX = 7.25;
const PADDING_PX = 16;
/** The head of a long line that is kept; its middle is left out. */
const HEAD_COLUMNS = 30;
/** Longer pauses are cut. */
const MAX_PAUSE_MS = 1_500;
/** Lines that came together still appear one after another. */
const MIN_PAUSE_MS = 90;

/** docs/images/demo.svg: the recording as an animated terminal. It shows its last state where nothing is animated. */
export function terminalPicture(lines: readonly Line[]): string {
  const rows = lines.flatMap((line, index) => {
    const delayMs = delays(lines)[index] ?? 0;
    return line.text
      .split("\n")
      .map((text, at) => ({ ...line, text: at === 0 && line.kind === "command" ? `$ ${text}` : text, delayMs }));
  });
  const width = Math.round(COLUMNS * CHARACTER_PX + 2 * PADDING_PX);
  const height = rows.length * ROW_PX + 2 * PADDING_PX;
  const texts = rows.map(({ text, kind, delayMs }, row) => {
    const y = PADDING_PX + (row + 0.8) * ROW_PX;
    const delay = (delayMs / 1_000).toFixed(2);
    return `<text class="${kind}" x="${PADDING_PX}" y="${y.toFixed(1)}" style="animation-delay:${delay}s">${escaped(fitted(text))}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>A terminal: npm run demo, then a streamed answer</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${width}" height="${height}" rx="8"/>`,
    ...texts,
    "</svg>\n",
  ].join("\n");
}

function delays(lines: readonly Line[]): readonly number[] {
  let delayMs = 0;
  return lines.map(({ atMs }, index) => {
    const pauseMs = atMs - (lines[index - 1]?.atMs ?? atMs);
    delayMs += Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, pauseMs));
    return delayMs;
  });
}

function fitted(text: string): string {
  if (text.length <= COLUMNS) return text;
  return `${text.slice(0, HEAD_COLUMNS)} … ${text.slice(text.length - (COLUMNS - HEAD_COLUMNS - 3))}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A terminal is dark on a light page too; its border shows it on a dark one. */
const STYLE = `
rect { fill: #0d1117; stroke: #3d444d; }
text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #c9d1d9; white-space: pre; }
.command { fill: #7ee787; }
@media (prefers-reduced-motion: no-preference) {
  text { animation: appear 1ms backwards; }
  @keyframes appear { from { opacity: 0; } }
}
`;
