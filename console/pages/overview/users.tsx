import { Text } from "@mantine/core";
import { Link } from "wouter";
import type { Page, UsageRow } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { useNow } from "../../widgets/moment.tsx";
import { totalsOf } from "../usage/sums.ts";
import classes from "./users.module.css";

const HOUR_MS = 3_600_000;
const SHOWN = 6;

/** The keys with the most requests of the last day. */
export function Users() {
  const { t } = useTexts();
  const to = Math.floor(useNow() / HOUR_MS) * HOUR_MS + HOUR_MS;
  const day = { by: "hour", from: to - 24 * HOUR_MS, to };
  const usage = useRead<Page<UsageRow>>("/usage", { ...day, group: "key", whole: "true", limit: SHOWN });
  return (
    <Loaded reading={usage}>
      {({ data }) => {
        const totals = totalsOf(data, ["key"]);
        const most = Math.max(1, ...totals.map(({ requests }) => requests));
        if (totals.length === 0) return <Empty title={t("No requests in this time")} />;
        return (
          <ul className={classes["list"]}>
            {totals.map(({ names: [name = ""], requests, failed }) => (
              <li key={name}>
                <Link href={`/requests?key=${encodeURIComponent(name)}`}>{name}</Link>
                <span className={classes["track"]} aria-hidden="true">
                  <span className={classes["bar"]} style={{ width: `${(requests / most) * 100}%` }} />
                </span>
                <Text size="xs" c="dimmed">
                  {t("{count, plural, one {# request} other {# requests}}", { count: requests })}
                  {failed > 0 && <> · {t("{count} failed", { count: failed })}</>}
                </Text>
              </li>
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}
