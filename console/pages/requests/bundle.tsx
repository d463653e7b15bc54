import { Anchor, Stack, Text } from "@mantine/core";
import { adminUrl, ApiError } from "../../api/client.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Copyable } from "../../widgets/copyable.tsx";
import { Facts } from "../../widgets/facts.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { Panel } from "../../widgets/panel.tsx";
import classes from "./requests.module.css";

interface FailureBundle {
  readonly address: string | null;
  readonly title: string | null;
  readonly console: readonly { readonly type?: string; readonly text: string }[];
  readonly files: readonly string[];
}

/** What the browser showed when the request failed. The site's words are shown as text. */
export function Bundle({ id }: { readonly id: string }) {
  const { t } = useTexts();
  const path = `/requests/${encodeURIComponent(id)}/bundle`;
  const bundle = useRead<FailureBundle>(path);
  const isAbsent = bundle.error instanceof ApiError && bundle.error.status === 404;
  return (
    <Panel title={t("What the browser showed")}>
      {isAbsent ? (
        <Empty
          title={t("Nothing was kept")}
          text={t("Only failures in the browser are kept, and the oldest are deleted.")}
        />
      ) : (
        <Loaded reading={bundle}>
          {({ address, title, console: lines, files }) => (
            <Stack>
              <Facts
                facts={[
                  [t("Address"), address ?? "–"],
                  [t("Title"), title ?? "–"],
                ]}
              />
              {files.includes("screenshot.jpg") && (
                <img
                  className={classes["shot"]}
                  src={adminUrl(`${path}/screenshot.jpg`)}
                  alt={t("The page at the failure")}
                />
              )}
              {lines.length > 0 && (
                <Copyable label={t("Console messages")} text={lines.map(({ text }) => text).join("\n")} />
              )}
              <Text size="sm">
                {files.map((file) => (
                  <Anchor key={file} href={adminUrl(`${path}/${file}`)} download mr="sm">
                    {file}
                  </Anchor>
                ))}
              </Text>
            </Stack>
          )}
        </Loaded>
      )}
    </Panel>
  );
}
