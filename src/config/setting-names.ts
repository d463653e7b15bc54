/** Settings of compose and nginx, not of the gateway. */
const BESIDE = new Set(["NGINX_PORT", "CONSOLE_PORT", "SECCOMP_PROFILE"]);
const OWN_PREFIX = "GPTOMNI_";
/** Shorter names are too similar to those of other programs. */
const MIN_CHARACTERS_ANYWHERE = 9;
const MAX_DISTANCE = 2;

/** A unit at the end of a name, as settings have them or as users guess them. */
const UNIT =
  /_(?:MS|MILLISECONDS|S|SECS?|SECONDS?|MINS?|MINUTES?|HOURS?|DAYS?|BYTES|KB|MB|MIB|CHARACTERS|CHARS|REQUESTS)$/;

/**
 * A warning for each name that looks like a misspelt setting. In the gateway's own file every near miss counts. In the
 * environment, which other programs share, only long names count, and names that begin with GPTOMNI_.
 */
export function misspeltNames(
  names: readonly string[],
  settings: readonly string[],
  { isOwnFile }: { readonly isOwnFile: boolean },
): string[] {
  const known = new Set(settings);
  return names
    .filter((name) => !known.has(name) && !BESIDE.has(name))
    .flatMap((name) => {
      const suggestion = nearest(
        name,
        isOwnFile ? settings : settings.filter((one) => one.length >= MIN_CHARACTERS_ANYWHERE),
      );
      if (suggestion !== undefined) return [`${name} is no setting; did you mean ${suggestion}?`];
      return name.toUpperCase().startsWith(OWN_PREFIX) ? [`${name} is no setting`] : [];
    });
}

function withoutUnit(name: string): string {
  return name.replace(UNIT, "");
}

function bare(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
}

function nearest(name: string, settings: readonly string[]): string | undefined {
  const sameButUnit = settings.find((setting) => withoutUnit(setting) === withoutUnit(name.toUpperCase()));
  if (sameButUnit !== undefined) return sameButUnit;
  const given = bare(name);
  const byDistance = settings
    .map((setting) => ({ setting, letters: bare(setting) }))
    // Their distance is no less than that of their lengths, which is quicker to tell.
    .filter(({ letters }) => Math.abs(letters.length - given.length) <= MAX_DISTANCE)
    .map(({ setting, letters }) => ({ setting, letters, distance: distanceOf(given, letters) }))
    .filter(({ letters, distance }) => distance <= Math.min(MAX_DISTANCE, letters.length / 4))
    .toSorted((one, other) => one.distance - other.distance);
  return byDistance[0]?.setting;
}

/** How many letters must be added, removed, changed or swapped with the next one. */
function distanceOf(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const cost = one[i - 1] === other[j - 1] ? 0 : 1;
      const at = (up: number, left: number): number => (up === 0 ? row : (rows[i - up] ?? []))[j - left] ?? 0;
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row.push(Math.min(at(1, 0) + 1, at(0, 1) + 1, at(1, 1) + cost, isSwap ? at(2, 2) + 1 : Number.POSITIVE_INFINITY));
    }
    rows.push(row);
  }
  return rows[one.length]?.[other.length] ?? 0;
}
