import { Alert, Loader, Group, Stack, Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Preview } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { Failure } from "../../widgets/loaded.tsx";
import { Moment } from "../../widgets/moment.tsx";
import classes from "./accounts.module.css";

/** What the gateway makes of the pasted text: names and dates, never a value. */
export function PreviewOf({ reading }: { readonly reading: UseQueryResult<Preview> | undefined }) {
  const { t } = useTexts();
  if (!reading) return null;
  if (reading.error) return <Failure error={reading.error} />;
  if (!reading.data) {
    return (
      <Group gap="xs" role="status">
        <Loader size="xs" />
        <Text size="sm">{t("Looking at it…")}</Text>
      </Group>
    );
  }
  return <Found preview={reading.data} />;
}

function Found({ preview }: { readonly preview: Preview }) {
  const { t, told } = useTexts();
  const { signIn, cookies, leftOut, storage, notes } = preview;
  const isFound = signIn === "found";
  return (
    <Alert
      color={isFound ? "green" : "orange"}
      variant="light"
      role="status"
      title={isFound ? t("The sign-in is there") : t("The sign-in is missing")}
    >
      <Stack gap="xs">
        <Text size="sm">{t("{count, plural, one {# cookie} other {# cookies}}", { count: cookies.length })}</Text>
        <ul className={classes["names"]}>
          {cookies.map(({ name, domain, expiresAt }) => (
            <li key={`${domain} ${name}`} title={domain}>
              <code>{name}</code> <Moment at={expiresAt} />
            </li>
          ))}
        </ul>
        {leftOut.length > 0 && (
          <Text size="xs">
            {t("Left out:")} {leftOut.map(({ name, reason }) => `${name} (${told(reason)})`).join(", ")}
          </Text>
        )}
        {storage.map(({ origin, count }) => (
          <Text key={origin} size="xs">
            {t("{count} values of localStorage for {origin}", { count, origin })}
          </Text>
        ))}
        {notes.map((note) => (
          <Text key={note} size="xs">
            {told(note)}
          </Text>
        ))}
      </Stack>
    </Alert>
  );
}
