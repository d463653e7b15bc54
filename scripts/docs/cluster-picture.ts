import { THEME } from "./theme.ts";

const WIDTH = 760;
const HEIGHT = 372;
const GATEWAY_PX = 204;
const GAP_PX = (WIDTH - 3 * GATEWAY_PX) / 2;
const GATEWAYS_TOP = 122;
const GATEWAYS_BOTTOM = 232;
const DATABASE_TOP = 272;
const ACCOUNTS = ["accounts a, d, g", "accounts b, e, h", "accounts c, f, i"];

/** docs/images/cluster.svg: three gateways between nginx and one PostgreSQL. */
export function clusterPicture(): string {
  const middles = ACCOUNTS.map((_, index) => index * (GATEWAY_PX + GAP_PX) + GATEWAY_PX / 2);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">`,
    "<title>Clients ask nginx, nginx asks any of three gateways, and PostgreSQL holds what they share</title>",
    `<style>${THEME}${STYLE}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker></defs>',
    `<text x="${WIDTH / 2}" y="15">clients</text>`,
    arrow(`M${WIDTH / 2} 22V42`),
    bar(46, 36, ["nginx or an Ingress", "passes each request to the gateway with the fewest requests"]),
    ...middles.map((middle) => arrow(`M${middle} 86V${GATEWAYS_TOP - 4}`)),
    ...ACCOUNTS.map((accounts, index) => gateway(index, accounts)),
    ...[0, 1].map((index) => exchange(index)),
    ...middles.map((middle) => arrow(`M${middle} ${GATEWAYS_BOTTOM + 4}V${DATABASE_TOP - 4}`, true)),
    bar(DATABASE_TOP, 56, [
      "PostgreSQL",
      "who owns which account and what runs on it, sealed sign-ins, keys and limits, stored answers, records",
    ]),
    `<text class="note" x="${WIDTH / 2}" y="${HEIGHT - 16}">A request waits for every account of the cluster. The gateway that took it passes it to the owner of the first one that is free.</text>`,
    "</svg>\n",
  ].join("\n");
}

function gateway(index: number, accounts: string): string {
  const left = index * (GATEWAY_PX + GAP_PX);
  const lines = [`gateway ${index + 1}`, "API, limits, queue", accounts, "Chromium, which asks the site"];
  const height = GATEWAYS_BOTTOM - GATEWAYS_TOP;
  const box = `<rect class="gateway" x="${left + 1}" y="${GATEWAYS_TOP}" width="${GATEWAY_PX - 2}" height="${height}" rx="6"/>`;
  return box + texts(left + GATEWAY_PX / 2, GATEWAYS_TOP + 26, lines);
}

/** Between two neighbours; the outer two speak with each other as well. */
function exchange(index: number): string {
  const left = index * (GATEWAY_PX + GAP_PX) + GATEWAY_PX;
  const middle = (GATEWAYS_TOP + GATEWAYS_BOTTOM) / 2;
  return arrow(`M${left + 5} ${middle}H${left + GAP_PX - 5}`, true);
}

function bar(top: number, height: number, lines: readonly string[]): string {
  const box = `<rect class="bar" x="1" y="${top}" width="${WIDTH - 2}" height="${height}" rx="6"/>`;
  if (height > 50) return box + texts(WIDTH / 2, top + 23, lines);
  const [name = "", rest = ""] = lines;
  const words = `<tspan class="name">${name}</tspan> <tspan class="detail">${rest}</tspan>`;
  return `${box}<text x="${WIDTH / 2}" y="${top + 23}">${words}</text>`;
}

function texts(middle: number, top: number, [name = "", ...details]: readonly string[]): string {
  const rows = details.map(
    (line, row) => `<text class="detail" x="${middle}" y="${top + (row + 1) * 22}">${line}</text>`,
  );
  return `<text class="name" x="${middle}" y="${top}">${name}</text>${rows.join("")}`;
}

/** `path`: an SVG path of two points. */
function arrow(path: string, isBothWays = false): string {
  const start = isBothWays ? ' marker-start="url(#tip)"' : "";
  return `<path class="arrow" d="${path}"${start} marker-end="url(#tip)"/>`;
}

const STYLE = `
text { font: 13px system-ui, sans-serif; fill: var(--text); text-anchor: middle; }
.name { font-weight: 600; fill: var(--text); }
.detail { font-size: 12px; fill: var(--faint); }
.note { font-size: 12px; fill: var(--faint); }
.bar { fill: var(--panel); stroke: var(--line); }
.gateway { fill: var(--panel); stroke: var(--third); stroke-width: 1.5; }
.arrow { fill: none; stroke: var(--line); stroke-width: 1.5; }
marker path { fill: var(--line); }
`;
