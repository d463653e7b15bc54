import { ACCOUNT_STATES } from "../../../src/pool/account-state.ts";
import { lookOf } from "../../widgets/states.ts";
import { zh } from "../zh.ts";
import { ACCOUNTS } from "./accounts.ts";
import { BROWSER } from "./browser.ts";
import { EVENTS } from "./events.ts";
import { PASTED } from "./pasted.ts";
import { SITE } from "./site.ts";

/** What the gateway tells in English sentences, and its Chinese. */
export const TOLD: Readonly<Record<string, string>> = { ...ACCOUNTS, ...SITE, ...BROWSER, ...PASTED, ...EVENTS };

interface Pattern {
  readonly form: RegExp;
  readonly chinese: string;
}

/** What a placeholder stands for; anything unless its name is here. */
const VALUES: Readonly<Record<string, string>> = { state: ACCOUNT_STATES.join("|"), count: String.raw`\d+` };
/** A reason may quote another one, which quotes a third. */
const MAX_DEPTH = 4;
/** Nothing that the table knows is longer, and the patterns take long for what is. */
const MAX_CHARACTERS = 2_000;

const PATTERNS: readonly Pattern[] = Object.entries(TOLD)
  .filter(([english]) => english.includes("{"))
  // The more words a pattern has of its own, the less it takes from others.
  .toSorted(([one], [other]) => wordsIn(other) - wordsIn(one))
  .map(([english, chinese]) => ({ form: formOf(english), chinese }));

/** The Chinese of what the gateway told in English. What the table does not know stays as it is. */
export function toldInChinese(text: string, depth = 0): string {
  if (depth > MAX_DEPTH || text.length > MAX_CHARACTERS) return text;
  const whole = chineseOf(text, depth);
  if (whole !== undefined) return whole;
  const sentences = sentencesOf(text);
  if (sentences.length < 2) return text;
  const told = sentences.map((sentence) => chineseOf(sentence, depth) ?? `${sentence} `);
  return told.join("").trimEnd();
}

/** A text's sentences, with their full stops. */
export function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=[.?!]) (?=[A-Z"{])/);
}

function chineseOf(text: string, depth: number): string | undefined {
  const known = Object.hasOwn(TOLD, text) ? TOLD[text] : undefined;
  if (known !== undefined) return known;
  for (const { form, chinese } of PATTERNS) {
    const values = form.exec(text)?.groups;
    if (values) return chinese.replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(name, values[name] ?? "", depth));
  }
  return undefined;
}

function shown(name: string, value: string, depth: number): string {
  if (name.startsWith("told")) return toldInChinese(value, depth + 1);
  const label = name === "state" ? lookOf(value)?.label : undefined;
  return label === undefined ? value : zh[label];
}

function formOf(english: string): RegExp {
  const source = english.split(/\{(\w+)\}/).map((part, index) => {
    if (index % 2 === 0) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    return `(?<${part}>${VALUES[part] ?? ".+?"})`;
  });
  return new RegExp(`^${source.join("")}$`, "s");
}

function wordsIn(english: string): number {
  return english.replaceAll(/\{\w+\}/g, "").length;
}
