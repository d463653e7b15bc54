import { readFileSync } from "node:fs";

/** The content of an environment file and what is wrong with it. Problems name settings and lines, never values. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const NOTHING: EnvFile = { values: {}, problems: [], warnings: [] };
const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** Reads the file as Docker Compose reads it. A missing file is an empty one. */
export function readEnvFile(path: string): EnvFile {
  try {
    return parseEnvText(decoded(readFileSync(path)), path);
  } catch (cause) {
    const { code = "not UTF-8" } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return NOTHING;
    return { ...NOTHING, problems: [`${path}: expected a text file in UTF-8, got one that cannot be read (${code})`] };
  }
}

/** Editors on Windows write UTF-16 and byte order marks. @throws TypeError if it is no text. */
function decoded(bytes: Buffer): string {
  const [first, second] = bytes;
  const isBigEndian = (first === 0xfe && second === 0xff) || (first === 0 && bytes.length > 1);
  const isLittleEndian = (first === 0xff && second === 0xfe) || (second === 0 && bytes.length > 1);
  const encoding = isBigEndian ? "utf-16be" : isLittleEndian ? "utf-16le" : "utf-8";
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

/**
 * Follows https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax: `#` begins a
 * comment only after white space, single quotes keep everything as it is, double quotes allow `\n`, `\"` and the like, and
 * quoted values may have several lines. One rule differs: `$` has no meaning.
 */
export function parseEnvText(text: string, path: string): EnvFile {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  const values: Record<string, string> = {};
  const problems: string[] = [];
  const warnings: string[] = [];
  let last = "";
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    // A name without a value means the variable of the shell.
    if (/^\s*(?:#|$)/.test(line) || /^\s*[A-Za-z_]\w*\s*$/.test(line)) continue;
    const name = ASSIGNMENT.exec(line)?.[1];
    if (name === undefined) {
      const after = last === "" ? "" : `, after ${last}: a value over several lines needs single quotes`;
      problems.push(`${path}: line ${at + 1} is not NAME=value${after}`);
      continue;
    }
    last = name;
    const rest = line.replace(ASSIGNMENT, "");
    const quote = /^["']/.exec(rest)?.[0];
    if (quote === undefined) {
      values[name] = rest.replace(/(?:^|\s+)#.*$/, "").trim();
    } else {
      const quoted = readQuoted([rest.slice(1), ...lines.slice(at + 1)].join("\n"), quote);
      if (!quoted) {
        problems.push(`${name}: expected a closing ${quote} in ${path}, line ${at + 1}`);
        break;
      }
      values[name] = quoted.value;
      at += quoted.lineBreaks;
      if (!/^\s*(?:#.*)?$/.test(quoted.rest)) {
        problems.push(`${name}: expected nothing after the closing ${quote} in ${path}, line ${at + 1}`);
      }
    }
    if (quote !== "'" && /\$/.test(values[name] ?? "")) {
      warnings.push(`${name} has a $ in ${path}, which Docker Compose replaces: single quotes keep it for both`);
    }
  }
  return { values, problems, warnings };
}

interface Quoted {
  readonly value: string;
  readonly lineBreaks: number;
  /** The rest of the line after the closing quote. */
  readonly rest: string;
}

function readQuoted(text: string, quote: string): Quoted | undefined {
  const found = (quote === '"' ? /^((?:[^"\\]|\\[\s\S])*)"/ : /^((?:[^'\\]|\\[\s\S])*)'/).exec(text);
  if (!found) return undefined;
  const inner = found[1] ?? "";
  const value =
    quote === '"'
      ? inner.replace(/\\([nrt"\\$])/g, (_, letter: string) => ESCAPES[letter] ?? letter)
      : inner.replaceAll("\\'", "'");
  return {
    value,
    lineBreaks: inner.split("\n").length - 1,
    rest: text.slice(found[0].length).split("\n", 1)[0] ?? "",
  };
}
