import { Text } from "@mantine/core";
import type { EventRow, Page } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { Moment } from "../../widgets/moment.tsx";
import classes from "./changes.module.css";

const SHOWN = 12;

/** The last events, newest first. */
export function Changes() {
  const { t } = useTexts();
  const events = useRead<Page<EventRow>>("/events", { limit: SHOWN });
  return (
    <Loaded reading={events}>
      {({ data }) =>
        data.length === 0 ? (
          <Empty title={t("Nothing yet")} />
        ) : (
          <ul className={classes["list"]}>
            {data.map(({ id, at, account, summary }) => (
              <li key={id}>
                <Text size="xs" c="dimmed" component="span">
                  <Moment at={at} />
                </Text>
                <Text size="sm" component="span">
                  {account !== null && <b>{account} </b>}
                  {summary}
                </Text>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
