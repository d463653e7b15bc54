import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/**
 * A page that is written by hand, with its generated part renewed: what stands between `<!-- written by npm run docs -->` and
 * `<!-- end -->`.
 */
export function withMarkedPart(path: string, part: string): string {
  const text = readFileSync(join(ROOT, path), "utf8");
  const [before, , after] = text.split(/(?<=<!-- written by npm run docs -->\n)([^]*?)(?=<!-- end -->)/);
  if (before === undefined || after === undefined) throw new Error(`${path} has no part for npm run docs`);
  return `${before}${part}\n${after}`;
}
