import { i18n } from "@lingui/core";
import { I18nProvider, useLingui } from "@lingui/react";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import type { ReactNode } from "react";
import type { zh } from "./zh.ts";

/** The English texts, which are the ids of the catalogue too. TypeScript refuses a text without Chinese. */
export type Text = keyof typeof zh;
type Values = Readonly<Record<string, string | number>>;
export type Translate = (text: Text, values?: Values) => string;

export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;

/** The words of what the gateway tells in English, in the language of the page. */
let toldWords: (text: string) => string = (text) => text;

const STORED_AS = "console-language";
const compiled = new Map<string, ReturnType<typeof compileMessage>>();

i18n.setMessagesCompiler((message) => {
  const known = compiled.get(message) ?? compileMessage(message);
  compiled.set(message, known);
  return known;
});

/** The language that was chosen here, else the browser's if there is a catalogue for it. */
export async function startLanguage(): Promise<void> {
  const stored = localStorage.getItem(STORED_AS);
  const chosen = stored ?? navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in LANGUAGES);
  await activate(chosen === "zh" ? "zh" : "en");
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORED_AS, language);
  await activate(language);
}

async function activate(language: Language): Promise<void> {
  const messages = language === "zh" ? (await import("./zh.ts")).zh : {};
  toldWords = language === "zh" ? (await import("./told/told.ts")).toldInChinese : (text) => text;
  i18n.loadAndActivate({ locale: language, messages });
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  return <I18nProvider i18n={i18n}>{children}</I18nProvider>;
}

interface Texts {
  /** `t("{count} accounts", { count: 2 })` in the language of the page. */
  readonly t: Translate;
  /** A reason, an effect or an error that the gateway told in English; what is not known stays as it is. */
  readonly told: (text: string) => string;
  readonly language: Language;
}

export function useTexts(): Texts {
  const { i18n: current } = useLingui();
  const language = current.locale === "zh" ? "zh" : "en";
  return { t: (text, values) => current._(text, values), told: toldWords, language };
}
