import { useQuery } from "@tanstack/react-query";
import { useTexts, type Language } from "./language.tsx";

interface Meanings {
  readonly errors: Readonly<Record<string, string>>;
  /** Empty in English: the gateway sends those with the settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** The units of settings that have a name of their own in the language. */
  readonly units: Readonly<Record<string, string>>;
}

const NONE: Meanings = { errors: {}, settings: {}, units: {} };

/** What error codes and settings mean, from the tables that the documentation is made of. */
export function useMeanings(): Meanings {
  const { language } = useTexts();
  const { data } = useQuery({
    queryKey: ["meanings", language],
    queryFn: () => readMeanings(language),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data ?? NONE;
}

async function readMeanings(language: Language): Promise<Meanings> {
  if (language === "zh") {
    const { ERROR_MEANINGS, SETTING_MEANINGS, SETTING_UNITS } = await import("../../scripts/docs/chinese.ts");
    return { errors: ERROR_MEANINGS, settings: SETTING_MEANINGS, units: SETTING_UNITS };
  }
  const { ERRORS } = await import("../../src/errors.ts");
  return {
    errors: Object.fromEntries(Object.entries(ERRORS).map(([code, { meaning }]) => [code, meaning])),
    settings: {},
    units: {},
  };
}
