import { Button, CloseButton, Group } from "@mantine/core";
import type { ViewerMessage } from "../../../src/live-view/wire.ts";
import { useTexts } from "../../texts/language.tsx";
import classes from "./live.module.css";
import type { ViewState } from "./view-state.ts";

interface TabBarProps {
  readonly state: ViewState;
  readonly isMine: boolean;
  readonly send: (message: ViewerMessage) => void;
}

/** The page's tabs, its address, and the ways back. Titles and addresses are the site's words. */
export function TabBar({ state: { tabs, shown }, isMine, send }: TabBarProps) {
  const { t } = useTexts();
  const address = tabs.find(({ id }) => id === shown)?.address ?? "";
  const go = (to: "back" | "reload" | "start") => () => send({ type: "go", to });
  return (
    <div className={classes["tabs"]}>
      {tabs.length > 1 &&
        tabs.map(({ id, title, isPopup }) => (
          <Group key={id} gap={0} wrap="nowrap">
            <Button
              size="compact-xs"
              variant={id === shown ? "light" : "subtle"}
              aria-pressed={id === shown}
              disabled={!isMine}
              onClick={() => send({ type: "select", tab: id })}
            >
              {title === "" ? t("Untitled") : title.slice(0, 40)}
            </Button>
            {isPopup && (
              <CloseButton
                size="xs"
                aria-label={t("Close")}
                disabled={!isMine}
                onClick={() => send({ type: "close", tab: id })}
              />
            )}
          </Group>
        ))}
      <span className={classes["address"]}>{address}</span>
      <Button size="compact-xs" variant="default" disabled={!isMine} onClick={go("back")}>
        {t("Back")}
      </Button>
      <Button size="compact-xs" variant="default" disabled={!isMine} onClick={go("reload")}>
        {t("Reload")}
      </Button>
      <Button size="compact-xs" variant="default" disabled={!isMine} onClick={go("start")}>
        {t("Start page")}
      </Button>
    </div>
  );
}
