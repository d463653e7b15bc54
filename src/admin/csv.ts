/** Rows as CSV: https://www.rfc-editor.org/rfc/rfc4180. Null is an empty field. */
export function csvOf<Name extends string>(
  columns: readonly Name[],
  rows: readonly Readonly<Record<Name, string | number | null>>[],
): string {
  const lines = rows.map((row) => columns.map((column) => fieldOf(row[column])).join(","));
  return [columns.join(","), ...lines, ""].join("\r\n");
}

function fieldOf(value: string | number | null): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  // A spreadsheet would run a text that begins like a formula: https://owasp.org/www-community/attacks/CSV_Injection
  const text = value.replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
