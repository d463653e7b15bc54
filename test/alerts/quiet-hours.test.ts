import { expect, test } from "vitest";
import { quietPeriodAt } from "../../src/alerts/quiet-hours.ts";
import { loadConfig } from "../../src/config/config.ts";

function at(time: string): number {
  return new Date(`2026-06-15T${time}`).getTime();
}

test.each([
  ["22:00-07:00", "21:59:59.999", undefined],
  ["22:00-07:00", "22:00:00", "22:00"],
  ["22:00-07:00", "23:59:59", "22:00"],
  ["22:00-07:00", "06:59:59.999", "22:00"],
  ["22:00-07:00", "07:00:00", undefined],
  ["12:30-13:45", "12:30:10", "12:30"],
  ["12:30-13:45", "13:45:00", undefined],
  ["0:00-6:00", "03:00:00", "00:00"],
])("%s at %s local time", (ALERT_QUIET_HOURS, time, began) => {
  const { quietHours } = loadConfig({ ALERT_QUIET_HOURS }).alerts;
  const period = quietHours && quietPeriodAt(quietHours, at(time));
  const shown = period && new Date(period.beganAt).toTimeString().slice(0, 5);
  expect(shown).toBe(began);
  expect(period === undefined || (period.beganAt <= at(time) && period.endsAt > at(time))).toBe(true);
});

test.each(["22-7", "25:00-07:00", "22:00-07:60", "22:00-22:00", "22:00-07:00 none", "night"])(
  "%j is no quiet time",
  (ALERT_QUIET_HOURS) => {
    expect(() => loadConfig({ ALERT_QUIET_HOURS })).toThrow("ALERT_QUIET_HOURS: expected hours such as 22:00-07:00");
  },
);
