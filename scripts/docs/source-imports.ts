import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const SRC = resolve(import.meta.dirname, "../../src");

/** Paths of the TypeScript files in src. */
export const sourceFiles: readonly string[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .toSorted();

interface Import {
  /** As the file writes it, e.g. `./lease.ts` or `zod`. */
  readonly name: string;
  readonly isTypeOnly: boolean;
}

/** What a file of src imports, or exports from elsewhere. */
export function importsOf(path: string): readonly Import[] {
  const source = readFileSync(join(SRC, path), "utf8");
  const found = source.matchAll(
    /(?:^|\n)\s*(?:import|export)\b(\s+type\b)?[^;"']*?from\s+["']([^"']+)["']|import\(["']([^"']+)["']\)/g,
  );
  return [...found].map(([, type, name, dynamic]) => ({ name: name ?? dynamic ?? "", isTypeOnly: type !== undefined }));
}

/** The zone of a file: its folder in src, or its own name if it is at the root. */
export function zoneOf(path: string): string {
  return (path.split("/")[0] ?? path).replace(/\.ts$/, "");
}

/** The zones that a file imports from, without its own. */
export function foreignZonesOf(path: string, { isTypeOnly = true } = {}): string[] {
  return importsOf(path)
    .filter((one) => one.name.startsWith(".") && (isTypeOnly || !one.isTypeOnly))
    .map(({ name }) => zoneOf(relative(SRC, resolve(SRC, dirname(path), name))))
    .filter((zone) => zone !== zoneOf(path));
}
