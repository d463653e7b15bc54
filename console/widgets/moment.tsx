import { useSyncExternalStore } from "react";
import { useTexts, type Language } from "../texts/language.tsx";

const TICK_MS = 1_000;
const STEPS = [
  [60_000, 1_000, "second"],
  [3_600_000, 60_000, "minute"],
  [86_400_000, 3_600_000, "hour"],
  [Number.POSITIVE_INFINITY, 86_400_000, "day"],
] as const;

const listeners = new Set<() => void>();
let timer: number | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(() => listeners.forEach((tell) => tell()), TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** The present, in whole seconds; one timer for the page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, present);
}

/** How long until then, in milliseconds; 0 when it is over. Drawn again only when that changes. */
export function useTimeLeft(at: number | null): number {
  return useSyncExternalStore(subscribe, () => (at === null ? 0 : Math.max(0, at - present())));
}

function present(): number {
  return Math.floor(Date.now() / TICK_MS) * TICK_MS;
}

/** `3 min. ago` or `in 2 hr.`; the exact time on hover. Drawn again only when the words change. */
export function Moment({ at }: { readonly at: number | null | undefined }) {
  const { language } = useTexts();
  const words = useSyncExternalStore(subscribe, () =>
    at === null || at === undefined ? undefined : relativeTime(at - present(), language),
  );
  if (at === null || at === undefined) return <>–</>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at, language)}>
      {words}
    </time>
  );
}

function relativeTime(distanceMs: number, language: Language): string {
  const distance = Math.abs(distanceMs);
  const [, unitMs, unit] = STEPS.find(([below]) => distance < below) ?? STEPS[3];
  const count = Math.trunc(distanceMs / unitMs);
  return formatsOf(language).relative.format(count, unit);
}

export function exactTime(at: number, language: Language): string {
  return formatsOf(language).exact.format(at);
}

interface Formats {
  readonly relative: Intl.RelativeTimeFormat;
  readonly exact: Intl.DateTimeFormat;
}

/** Making one takes longer than using it a hundred times. */
const formats = new Map<Language, Formats>();

function formatsOf(language: Language): Formats {
  const known = formats.get(language);
  if (known) return known;
  const made = {
    relative: new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" }),
    exact: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }),
  };
  formats.set(language, made);
  return made;
}

/** `12 ms`, `1.4 s`, `3 min 20 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest === 0 ? "" : ` ${rest} s`}`;
}

export function wholeNumber(value: number, language: Language): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value);
}
