/** The value below which the given share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** In Markdown; numbers stand right, and the columns that are text left; the first one is, unless told. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { text = [0] }: { readonly text?: readonly number[] } = {},
): string {
  const columns = header.map((title, index) => {
    const width = Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0));
    return { width, isText: text.includes(index) };
  });
  const line = (cells: readonly string[]): string => {
    const padded = columns.map(({ width, isText }, index) => {
      const cell = cells[index] ?? "";
      return isText ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(" | ")} |`;
  };
  const rule = columns.map(({ width, isText }) => (isText ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`));
  return [line(header), `|${rule.join("|")}|`, ...rows.map(line)].join("\n");
}
