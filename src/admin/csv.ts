const NEW_LINE = "\r\n";

/** The first line of a CSV: https://www.rfc-editor.org/rfc/rfc4180 */
export function csvHead(columns: readonly string[]): string {
  return columns.join(",") + NEW_LINE;
}

/** Rows as lines of a CSV. Null is an empty field. */
export function csvLines<Name extends string>(
  columns: readonly Name[],
  rows: readonly Readonly<Record<Name, string | number | null>>[],
): string {
  return rows.map((row) => columns.map((column) => fieldOf(row[column])).join(",") + NEW_LINE).join("");
}

function fieldOf(value: string | number | null): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  // A spreadsheet would run a text that begins like a formula: https://owasp.org/www-community/attacks/CSV_Injection
  const text = value.replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
