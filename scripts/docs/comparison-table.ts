import type { BenchFigures } from "./figures.ts";
import type { Language } from "./language.ts";

/** The README's table: why a real browser, and why one that stays. */
export function comparisonTable({ challenged, firstTokenMs, accountMiB }: BenchFigures, language: Language): string {
  const { asked, answered } = challenged;
  const words = WORDS[language];
  // A site takes seconds to think; what a way adds to that tells more than a ratio to a site that answers at once.
  const added = (ms: number): string => {
    const addedMs = ms - firstTokenMs.undici;
    return addedMs < 1_000 ? `${addedMs.toFixed(0)} ms` : `${(addedMs / 1_000).toFixed(1)} s`;
  };
  const rows = [
    ["", ...words.ways],
    ["---", ":-:", ":-:", ":-:"],
    [words.answered(asked), answered.undici, answered.browserPerRequest, answered.gateway],
    [words.firstToken, words.none, added(firstTokenMs.browserPerRequest), added(firstTokenMs.gateway)],
    [words.memory, words.none, `${accountMiB.ownBrowser.toFixed(0)} MiB`, `${accountMiB.shared.toFixed(0)} MiB`],
    [words.asleep, words.none, words.none, `${accountMiB.asleep.toFixed(0)} MiB`],
  ];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const WORDS = {
  en: {
    ways: ["plain HTTP", "a browser per request", "this gateway"],
    answered: (asked: number) => `answers to ${asked} questions while the site challenges three times`,
    firstToken: "time added to the first token",
    memory: "Chromium's memory per account that answers",
    asleep: "Chromium's memory per idle account",
    none: "–",
  },
  zh: {
    ways: ["普通 HTTP", "每个请求启动一个浏览器", "本网关"],
    answered: (asked: number) => `网站三次要求质询时，${asked} 个问题得到的回答数`,
    firstToken: "首个词元增加的时间",
    memory: "每个正在回答的账号所用的 Chromium 内存",
    asleep: "每个闲置账号所用的 Chromium 内存",
    none: "–",
  },
} as const;
