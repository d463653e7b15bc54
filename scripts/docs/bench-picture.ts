import type { BenchFigures } from "./figures.ts";
import { THEME } from "./theme.ts";

const WIDTH = 760;
const LABEL_PX = 190;
const BAR_PX = 440;
const ROW_PX = 24;
const TITLE_PX = 40;

interface Panel {
  readonly title: string;
  /** The value that fills the width; longer bars are cut and say so. */
  readonly most: number;
  readonly bars: readonly Bar[];
}

interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands behind the bar. */
  readonly text: string;
  readonly colour: "first" | "second" | "third";
}

/** docs/images/bench.svg: ratios of one run. */
export function benchPicture(figures: BenchFigures): string {
  let top = 0;
  const panels = panelsOf(figures).map((panel) => {
    const drawn = `<g transform="translate(0 ${top})">${drawPanel(panel)}</g>`;
    top += TITLE_PX + panel.bars.length * ROW_PX;
    return drawn;
  });
  const height = top + 50;
  const notes = caption(figures).map(
    (line, index) => `<text class="note" x="0" y="${top + 28 + index * 16}">${line}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">`,
    "<title>First token, chunk lag, memory and use of the rate limits</title>",
    `<style>${THEME}${STYLE}</style>`,
    ...panels,
    ...notes,
    "</svg>\n",
  ].join("\n");
}

/** When and where the figures were measured. */
function caption({ day, machine, node, load, note }: BenchFigures): readonly string[] {
  const others = load > 0.5 ? `, while others used the machine (load ${load.toFixed(1)} per core)` : "";
  const where = `${machine}, Node ${node}. The floor is the fetch in the page, without the gateway.`;
  return [note ?? `npm run bench -- plots, ${day}${others}.`, where];
}

function panelsOf({ firstTokenMs, lagMs, lagOf20Ms, accountMiB, schedulingShare }: BenchFigures): readonly Panel[] {
  return [
    {
      title: "First token, times the floor",
      most: 3,
      bars: [
        times("plain HTTP", firstTokenMs.undici, firstTokenMs.floor, "first"),
        times("this gateway", firstTokenMs.gateway, firstTokenMs.floor, "third"),
        times("a browser per request", firstTokenMs.browserPerRequest, firstTokenMs.floor, "second"),
      ],
    },
    {
      title: "Chunk lag, times the floor",
      most: 3,
      bars: [
        times("plain HTTP, 1 stream", lagMs.undici, lagMs.floor, "first"),
        times("this gateway, 1 stream", lagMs.gateway, lagMs.floor, "third"),
        times("plain HTTP, 20 streams", lagOf20Ms.undici, lagOf20Ms.floor, "first"),
        times("this gateway, 20 streams", lagOf20Ms.gateway, lagOf20Ms.floor, "third"),
      ],
    },
    {
      title: "Chromium's memory for one account",
      most: accountMiB.ownBrowser,
      bars: [
        mebibytes("a browser per account", accountMiB.ownBrowser, "second"),
        mebibytes("this gateway, page open", accountMiB.shared, "third"),
        mebibytes("this gateway, asleep", accountMiB.asleep, "third"),
      ],
    },
    {
      title: "Answers of 200 accounts over 10 open pages, as a share of what their rate limits allow",
      most: 1,
      bars: [
        {
          label: "this gateway",
          value: schedulingShare,
          text: `${(schedulingShare * 100).toFixed(0)} %`,
          colour: "third",
        },
      ],
    },
  ];
}

function times(label: string, value: number, floor: number, colour: Bar["colour"]): Bar {
  const ratio = value / floor;
  return { label, value: ratio, text: `${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)} ×`, colour };
}

function mebibytes(label: string, value: number, colour: Bar["colour"]): Bar {
  return { label, value, text: `${value.toFixed(0)} MiB`, colour };
}

function drawPanel({ title, most, bars }: Panel): string {
  const rows = bars.map((bar, index) => drawBar(bar, most, TITLE_PX - 10 + index * ROW_PX));
  return [`<text class="title" x="0" y="20">${title}</text>`, ...rows].join("\n");
}

function drawBar({ label, value, text, colour }: Bar, most: number, top: number): string {
  const isCut = value > most;
  const width = Math.max(1, (Math.min(value, most) / most) * BAR_PX).toFixed(1);
  const middle = top + ROW_PX / 2 + 4;
  // A bar that is too long has a gap in it.
  const gap = isCut
    ? `<path class="gap" d="M${LABEL_PX + BAR_PX - 34} ${top} l-8 18 M${LABEL_PX + BAR_PX - 26} ${top} l-8 18"/>`
    : "";
  return [
    `<text class="label" x="${LABEL_PX - 10}" y="${middle}">${label}</text>`,
    `<rect class="${colour}" x="${LABEL_PX}" y="${top}" width="${width}" height="18" rx="2"/>${gap}`,
    `<text class="value" x="${(LABEL_PX + Number(width) + 8).toFixed(1)}" y="${middle}">${text}</text>`,
  ].join("");
}

const STYLE = `
text { font: 13px system-ui, sans-serif; fill: var(--text); }
.title { font-weight: 600; }
.label { text-anchor: end; fill: var(--faint); }
.note { font-size: 11px; fill: var(--faint); }
.first { fill: var(--first); } .second { fill: var(--second); } .third { fill: var(--third); }
.gap { stroke: var(--text); stroke-width: 2; }
`;
