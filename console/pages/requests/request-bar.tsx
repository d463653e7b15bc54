import type { RequestRow } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { duration } from "../../widgets/moment.tsx";
import { phasesOf } from "./phases.ts";
import classes from "./requests.module.css";

interface RequestBarProps {
  readonly row: RequestRow;
  /** The duration that fills the width. */
  readonly longestMs: number;
}

/** Where a request's time went: one bar, as long as the request was. */
export function RequestBar({ row, longestMs }: RequestBarProps) {
  const { t } = useTexts();
  const phases = phasesOf(row);
  const told = phases.map(({ label, ms }) => `${t(label)} ${duration(ms)}`).join(", ");
  const width = Math.max(0.01, Math.min(1, row.durationMs / Math.max(1, longestMs)));
  return (
    <div className={classes["track"]} title={told} role="img" aria-label={told}>
      <div className={classes["bar"]} style={{ width: `${width * 100}%` }}>
        {phases.map(({ name, ms }) => (
          <span key={name} className={classes[name]} style={{ flexGrow: ms }} />
        ))}
      </div>
    </div>
  );
}

/** What the colours of the bars mean. */
export function BarLegend() {
  const { t } = useTexts();
  const all = phasesOf({ durationMs: 6, queueMs: 2, paceMs: 1, leaseMs: 1, firstByteMs: 1, streamMs: 1 });
  return (
    <ul className={classes["legend"]}>
      {all.map(({ name, label }) => (
        <li key={name}>
          <span className={classes[name]} aria-hidden="true" />
          {t(label)}
        </li>
      ))}
    </ul>
  );
}
