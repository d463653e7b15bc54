import { foreignZonesOf, sourceFiles, zoneOf } from "./source-imports.ts";

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly isTypeOnly: boolean;
}

/** The zones of src: its folders, and the files at its root. */
export const zones: readonly string[] = [...new Set(sourceFiles.map(zoneOf))].toSorted();

/** Which zone imports which, without the arrows whose target a longer way reaches too: so the picture can be read. */
export function importArrows(): readonly Arrow[] {
  const values = pairsOf((path) => foreignZonesOf(path, { isTypeOnly: false }));
  const types = pairsOf(foreignZonesOf).difference(values);
  const code = withoutShortcuts([], arrowsOf(values, false));
  return withoutShortcuts(code, arrowsOf(types, true));
}

function pairsOf(foreignZones: (path: string) => readonly string[]): ReadonlySet<string> {
  return new Set(sourceFiles.flatMap((path) => foreignZones(path).map((to) => `${zoneOf(path)} ${to}`)));
}

function arrowsOf(pairs: ReadonlySet<string>, isTypeOnly: boolean): readonly Arrow[] {
  return [...pairs].toSorted().map((pair) => {
    const [from = "", to = ""] = pair.split(" ");
    return { from, to, isTypeOnly };
  });
}

function withoutShortcuts(fixed: readonly Arrow[], arrows: readonly Arrow[]): readonly Arrow[] {
  return arrows.reduce(
    (kept, arrow) => {
      const others = kept.filter((one) => one !== arrow);
      return isReached(others, arrow) ? others : kept;
    },
    [...fixed, ...arrows],
  );
}

function isReached(arrows: readonly Arrow[], { from, to }: Arrow): boolean {
  const seen = new Set([from]);
  // A set that grows while it is walked: each zone that is reached leads on.
  for (const zone of seen) for (const arrow of arrows) if (arrow.from === zone) seen.add(arrow.to);
  return seen.has(to);
}
