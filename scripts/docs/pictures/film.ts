import type { Page } from "playwright";

interface Frame {
  readonly jpeg: Buffer;
  readonly holdMs: number;
}

const QUALITY = 55;

/** Photographs of a page that are shown one after the other, as an SVG that needs no script. */
export class Film {
  readonly #frames: Frame[] = [];
  readonly #size: { readonly width: number; readonly height: number };

  constructor(size: { readonly width: number; readonly height: number }) {
    this.#size = size;
  }

  /** `holdMs`: how long the picture is shown. */
  async take(page: Page, holdMs: number): Promise<void> {
    this.#frames.push({ jpeg: await page.screenshot({ type: "jpeg", quality: QUALITY, scale: "css" }), holdMs });
  }

  /** Shows the last picture where nothing is animated. */
  svg(title: string): string {
    const { width, height } = this.#size;
    const totalMs = this.#frames.reduce((sum, { holdMs }) => sum + holdMs, 0);
    let startMs = 0;
    const pictures = this.#frames.map(({ jpeg, holdMs }, index) => {
      const [from, to] = [startMs, (startMs += holdMs)].map((ms) => ((ms / totalMs) * 100).toFixed(2));
      const shown = index === this.#frames.length - 1 ? "" : `${to}% { visibility: hidden }`;
      return {
        rule: `@keyframes p${index} { 0% { visibility: hidden } ${from}% { visibility: visible } ${shown} }
#p${index} { animation: p${index} ${totalMs}ms step-end infinite }`,
        image: `<image id="p${index}" width="${width}" height="${height}" href="data:image/jpeg;base64,${jpeg.toString("base64")}"/>`,
      };
    });
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
      `<title>${title}</title>`,
      `<style>${pictures.map(({ rule }) => rule).join("\n")}</style>`,
      ...pictures.map(({ image }) => image),
      "</svg>\n",
    ].join("\n");
  }
}
