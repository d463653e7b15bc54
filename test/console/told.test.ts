import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sentencesOf, TOLD, toldInChinese } from "../../console/texts/told/told.ts";

const SRC = join(import.meta.dirname, "../../src");

/** Where sentences come from that the console shows: reasons of states, effects, notes, errors of an account. */
const PLACES = [
  /^(?:browser|cluster-admin|sites|live-view|places|pool)\//,
  /^accounts\/account-(?:control|refusals|roster|rows)\.ts$/,
  /^admin\/(?:overview|read-records)\.ts$/,
  /^alerts\/notice\.ts$/,
  /^credentials\/(?:paste-notes|pasted-credential)\.ts$/,
  /^records\/state-changes\.ts$/,
  /^gateway\.ts$/,
];

/** What the sentences in these files are in place of something that the console shows. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "browser/server/browser-server.ts": "answers to other machines' gateways",
  "sites/prompt.ts": "the model's instructions",
  "pool/admission.ts": "refusals of callers, in the API's language",
  "pool/request-queue.ts": "refusals of callers, in the API's language",
};
const EXCEPTED_SENTENCES: Readonly<Record<string, string>> = {
  "Account x1 cannot go from x1 to x1.": "an error of the program itself",
  "No attempt was made.": "an error of the program itself",
};

/** The sentences in a source: quoted texts and templates that begin like a sentence and end with a full stop. */
function sentencesIn(source: string): readonly string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*|description: "[^"]*"/g, "");
  const found: string[] = [];
  const collect = (text: string): void => {
    for (const [, quoted, template] of text.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)) {
      if (quoted !== undefined) found.push(quoted);
      if (template === undefined) continue;
      for (const [, inner = ""] of template.matchAll(/\$\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/g)) collect(inner);
      found.push(template.replaceAll(/\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, "x1"));
    }
  };
  collect(code);
  const whole = found.filter((text) => /[a-z] [a-z]/.test(text) && text.endsWith("."));
  return whole.flatMap((text) => sentencesOf(text.replace(/^x1 (?=[A-Z])/, ""))).filter((text) => /^[A-Z]/.test(text));
}

/** The reasons of states are no sentences: `this.enter("busy", "…")`, or constants that it gets. */
function reasonsIn(source: string): readonly string[] {
  const entered = source.matchAll(/\b(?:enter\("\w+", |drain\()"([^"]+)"|\breason = "([^"]+)"|\breason: "([^"]+)"/g);
  const constants = source.matchAll(/^(?:export )?const [A-Z_]+ = (?:\["\w+", )?"([^"]+)"/gm);
  return [...entered, ...constants].flatMap(([, ...texts]) => texts.filter((text) => text !== undefined));
}

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), "utf8") }));

/** What a template's values may be: anything, a state, or what to set. */
const SAMPLES = ["x1", "expired", "set x1"];

function hasChinese(text: string): boolean {
  return SAMPLES.some((sample) => /\p{Script=Han}/u.test(toldInChinese(text.replaceAll("x1", sample))));
}

describe("in the Chinese console", () => {
  const shown = sources.filter(({ path }) => PLACES.some((place) => place.test(path)) && !(path in EXCEPTIONS));
  const sentences = new Set(shown.flatMap(({ text }) => sentencesIn(text)));

  test("there are sentences to translate, and each exception is one", () => {
    expect(sentences.size).toBeGreaterThan(100);
    expect(Object.keys(EXCEPTED_SENTENCES).filter((sentence) => !sentences.has(sentence))).toEqual([]);
    const paths = new Set(sources.map(({ path }) => path));
    expect(Object.keys(EXCEPTIONS).filter((path) => !paths.has(path))).toEqual([]);
  });

  test("each sentence that the gateway tells of an account is in Chinese", () => {
    const missing = [...sentences].filter((text) => !(text in EXCEPTED_SENTENCES) && !hasChinese(text));
    expect(missing).toEqual([]);
  });

  test("so is the reason of each state", () => {
    const states = sources.filter(({ path }) => /^pool\/(?:account|account-lifecycle|recovery)\.ts$/.test(path));
    const reasons = [...states, ...sources.filter(({ path }) => path === "accounts/account-rows.ts")].flatMap(
      ({ text }) => reasonsIn(text),
    );
    expect(reasons).toEqual(expect.arrayContaining(["answering", "not opened yet", "the gateway stops"]));
    expect(reasons.filter((text) => !hasChinese(text))).toEqual([]);
  });

  test("so is each change that the audit log names", () => {
    const told = sources.filter(({ path }) => /^(?:admin|live-view)\//.test(path));
    const kinds = told.flatMap(({ text }) => [
      ...[...text.matchAll(/kind: "(\w+_\w+)"/g)].map(([, kind = ""]) => kind),
      ...[...text.matchAll(/"((?:account|key)_[a-z]+ed)"/g)].map(([, kind = ""]) => kind),
    ]);
    expect(kinds).toEqual(expect.arrayContaining(["account_added", "key_created", "signed_in", "live_view_ended"]));
    const named = kinds.filter((kind) => kind !== "expires_soon");
    const summaries = named.map(
      (kind) => `${kind.replaceAll("_", " ")}: ${kind === "accounts_reloaded" ? "2 accounts" : "x1"}`,
    );
    expect(summaries.filter((text) => !hasChinese(text))).toEqual([]);
  });
});

test.each([
  ["alice is expired: The site says that this account is signed out.", "alice 已退出登录：网站表示该账号已退出登录。"],
  ["2 expired: The site says that this account is signed out.", "2 个已退出登录：网站表示该账号已退出登录。"],
  ["No answer was running. The account gets no new request.", "没有正在进行的回答。账号不再接收新请求。"],
  ["Something new happened. No answer was running.", "Something new happened. 没有正在进行的回答。"],
  ["Something new happened.", "Something new happened."],
  ["", ""],
])("%j is %j", (english, chinese) => {
  expect(toldInChinese(english)).toBe(chinese);
});

test("the Chinese has the placeholders of the English", () => {
  const wrong = Object.entries(TOLD).filter(
    ([english, chinese]) => placeholdersIn(english) !== placeholdersIn(chinese),
  );
  expect(wrong).toEqual([]);
});

function placeholdersIn(text: string): string {
  const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return names.toSorted().join(" ");
}
