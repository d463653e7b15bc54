import type { Answered } from "../api/contract.ts";
import { useTexts } from "../texts/language.tsx";
import classes from "./answer-strip.module.css";
import { duration, exactTime } from "./moment.tsx";

const STRIP_LENGTH = 60;
const BAR = 4;
const GAP = 1;
const HEIGHT = 28;
/** A bar of this duration has the whole height. */
const TALLEST_MS = 60_000;
const SHORTEST = 0.25;

/** The last answers of an account, newest at the right. A failed one is full height and crossed, not red alone. */
export function AnswerStrip({ recent }: { readonly recent: readonly Answered[] }) {
  const { t, language } = useTexts();
  const shown = recent.slice(-STRIP_LENGTH);
  const failed = shown.filter(({ ok }) => !ok).length;
  const first = STRIP_LENGTH - shown.length;
  return (
    <svg
      className={classes["strip"]}
      viewBox={`0 0 ${STRIP_LENGTH * (BAR + GAP)} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t("Last {count} answers, {failed} failed", { count: shown.length, failed })}
    >
      <path
        className={classes["none"]}
        d={`M0 ${HEIGHT - 3 / 2}H${first * (BAR + GAP)}`}
        strokeDasharray={`${BAR} ${GAP}`}
      />
      {shown.map(({ at, ok, code, durationMs }, index) => {
        const height = ok ? HEIGHT * heightOf(durationMs) : HEIGHT;
        return (
          <rect
            key={`${at}-${index}`}
            className={ok ? classes["ok"] : classes["failed"]}
            x={(first + index) * (BAR + GAP)}
            y={HEIGHT - height}
            width={BAR}
            height={height}
            rx={1}
          >
            <title>{`${exactTime(at, language)} · ${ok ? duration(durationMs) : (code ?? "")}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

/** Logarithmic: answers take from a second to minutes. */
function heightOf(durationMs: number): number {
  return Math.min(1, SHORTEST + (1 - SHORTEST) * (Math.log1p(durationMs / 1_000) / Math.log1p(TALLEST_MS / 1_000)));
}
