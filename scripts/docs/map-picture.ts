import { instance } from "@viz-js/viz";
import { importArrows, zones, type Arrow } from "./import-graph.ts";
import { sourceFiles } from "./source-imports.ts";
import { THEME } from "./theme.ts";
import { SUBJECTS } from "./zones.ts";

/** docs/images/map.svg: the zones of src and the imports between them, laid out by Graphviz. */
export async function mapPicture(): Promise<string> {
  const viz = await instance();
  const graph = {
    graphAttributes: { bgcolor: "transparent", ranksep: 0.3, nodesep: 0.25, margin: 0 },
    nodeAttributes: { shape: "box", style: "rounded", fontname: "Helvetica", fontsize: 13, margin: "0.12,0.05" },
    edgeAttributes: { arrowsize: 0.6 },
    nodes: zones.map((name) => ({ name, attributes: nodeAttributes(name) })),
    edges: importArrows().map((arrow) => ({ tail: arrow.from, head: arrow.to, attributes: edgeAttributes(arrow) })),
  };
  return themed(viz.renderString(graph, { format: "svg" }));
}

function nodeAttributes(zone: string): Readonly<Record<string, string>> {
  const isFile = sourceFiles.includes(`${zone}.ts`);
  const name = isFile ? `${zone}.ts` : `${zone}/`;
  return { class: isFile ? "file" : "folder", label: [name, SUBJECTS[zone] ?? ""].join("\n").trim() };
}

/** A type-only import does not decide which zone stands above which. */
function edgeAttributes({ isTypeOnly }: Arrow): Readonly<Record<string, string | boolean>> {
  return isTypeOnly ? { class: "type", constraint: false } : {};
}

/** Takes out the colours that Graphviz writes into each shape, so that the style sheet decides, and makes names bold. */
function themed(svg: string): string {
  return svg
    .slice(svg.indexOf("<svg"))
    .replaceAll(/<!--[^]*?-->\n?/g, "")
    .replaceAll(/<title>[^<]*<\/title>\n?/g, "")
    .replaceAll(/ (?:fill|stroke|font-family|font-size)="(?:black|none|transparent|Helvetica[^"]*|[\d.]+)"/g, "")
    .replaceAll(/<text ([^>]*>[\w.]+(?:\/|\.ts)<)/g, '<text font-weight="bold" $1')
    .replace(/(<svg[^>]*>)/, `$1\n<title>Imports between the folders of src</title>\n<style>${THEME}${STYLE}</style>`);
}

const STYLE = `
.node path { fill: var(--panel); stroke: var(--line); }
.file path { stroke-dasharray: 4 3; }
text { font-family: system-ui, sans-serif; }
.node text { fill: var(--faint); font-size: 11px; }
.node text[font-weight] { fill: var(--text); font-size: 13px; }
.edge path { fill: none; stroke: var(--line); }
.edge polygon { fill: var(--line); stroke: var(--line); }
.type path { stroke-dasharray: 2 4; }
`;
