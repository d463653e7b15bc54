import { readFileSync } from "node:fs";
import { causeCode } from "./secret-file.ts";

const MAX_BYTES = 1024 * 1024;

interface WithFiles {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The settings that were read from a file. */
  readonly names: readonly string[];
  /** The files with secrets. */
  readonly paths: readonly string[];
  readonly problems: readonly string[];
}

/** Reads each secret setting whose `_FILE` form names a file, as container engines mount secrets. The secret is trimmed. */
export function withSecretFiles(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): WithFiles {
  const problems: string[] = [];
  const paths: string[] = [];
  const read: Record<string, string> = {};
  for (const name of names) {
    const setting = fileSettingOf(name);
    const path = env[setting]?.trim();
    if (!path) continue;
    if (env[name]?.trim())
      problems.push(`${setting}: expected no ${name} beside it, got both; leave one of them empty`);
    try {
      const bytes = readFileSync(path);
      const text = bytes
        .toString("utf8")
        .replace(/^\ufeff/, "")
        .trim();
      if (text === "" || bytes.length > MAX_BYTES) {
        problems.push(`${setting}: expected a secret in ${path}, got a file of ${bytes.length} bytes`);
      } else read[name] = text;
      paths.push(path);
    } catch (cause) {
      problems.push(`${setting}: expected a file, got ${path}, which cannot be read (${causeCode(cause)})`);
    }
  }
  return { env: { ...env, ...read }, names: Object.keys(read), paths, problems };
}

export function fileSettingOf(name: string): string {
  return `${name}_FILE`;
}
