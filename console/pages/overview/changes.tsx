import { Text } from "@mantine/core";
import type { OverviewAnswer } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { Moment } from "../../widgets/moment.tsx";
import classes from "./changes.module.css";

const SHOWN = 12;

/** What changed last, newest first. */
export function Changes() {
  const { t, told } = useTexts();
  const overview = useRead<OverviewAnswer>("/overview");
  return (
    <Loaded reading={overview}>
      {({ changes }) =>
        changes.length === 0 ? (
          <Empty title={t("Nothing yet")} />
        ) : (
          <ul className={classes["list"]}>
            {changes.slice(0, SHOWN).map(({ id, at, summary }) => (
              <li key={id}>
                <Text size="xs" c="dimmed" component="span">
                  <Moment at={at} />
                </Text>
                <Text size="sm" component="span">
                  {told(summary)}
                </Text>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
