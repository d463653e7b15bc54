import { Group, Text } from "@mantine/core";
import type { Pace } from "../api/contract.ts";
import { useTexts } from "../texts/language.tsx";
import { duration, useTimeLeft } from "./moment.tsx";
import classes from "./pace-ring.module.css";

const RADIUS = 13;
const LENGTH = 2 * Math.PI * RADIUS;

/** How much of an account's rate limit is used, and when the next request may go. */
export function PaceRing({ pace }: { readonly pace: Pace }) {
  const { t } = useTexts();
  const { count, used, windowMs, nextAt } = pace;
  const waitMs = useTimeLeft(nextAt);
  const share = count === 0 ? 0 : Math.min(1, used / count);
  return (
    <Group gap={6} wrap="nowrap">
      <svg width={32} height={32} viewBox="0 0 32 32" aria-hidden="true">
        <circle className={classes["track"]} cx={16} cy={16} r={RADIUS} />
        <circle
          className={share >= 1 ? classes["full"] : classes["used"]}
          cx={16}
          cy={16}
          r={RADIUS}
          strokeDasharray={`${share * LENGTH} ${LENGTH}`}
          transform="rotate(-90 16 16)"
        />
      </svg>
      <div>
        <Text size="xs">{t("{used} of {count} in {window}", { used, count, window: duration(windowMs) })}</Text>
        <Text size="xs" c="dimmed">
          {waitMs > 0 ? t("next in {wait}", { wait: duration(waitMs) }) : t("free now")}
        </Text>
      </div>
    </Group>
  );
}
