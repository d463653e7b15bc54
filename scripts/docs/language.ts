/** The languages of the generated pages. English is the one that the tables in src are written in. */
export type Language = "en" | "zh";

export const LANGUAGES: readonly Language[] = ["en", "zh"];

/** A page's path: `docs/settings.md` in English, `docs/settings.zh-CN.md` in Chinese. */
export function localised(path: string, language: Language): string {
  return language === "en" ? path : path.replace(/\.md$/, ".zh-CN.md");
}
