import { Burger, Button, Group, Text } from "@mantine/core";
import { Suspense, useRef, useState } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { useLiveFeed } from "../api/live-feed.ts";
import { useSigning } from "../api/session.ts";
import { useTexts } from "../texts/language.tsx";
import { Empty } from "../widgets/loaded.tsx";
import { PageFallback, PageGuard } from "./page-guard.tsx";
import { Icon } from "./icon.tsx";
import { useIdleSignOut } from "./idle-sign-out.ts";
import { LookSwitches } from "./look-switches.tsx";
import { Mark } from "./mark.tsx";
import { PAGES } from "./pages.ts";
import { StaleNotice } from "./stale-notice.tsx";
import classes from "./shell.module.css";

/** The console's frame: navigation, the page, and what is heard live. */
export function Shell({ idleLimitMs }: { readonly idleLimitMs: number }) {
  const { t } = useTexts();
  const [location] = useLocation();
  const [isOpen, setIsOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const feed = useLiveFeed();
  useIdleSignOut(idleLimitMs);
  return (
    <div className={classes["frame"]}>
      <a className={classes["skip"]} href="#page" onClick={() => main.current?.focus()}>
        {t("Skip to the page")}
      </a>
      <header className={classes["top"]}>
        <Group gap="xs">
          <Mark />
          <Text fw={600}>gptomni-gateway</Text>
        </Group>
        <Burger
          opened={isOpen}
          onClick={() => setIsOpen(!isOpen)}
          size="sm"
          aria-label={t("Menu")}
          aria-expanded={isOpen}
        />
      </header>
      <aside className={isOpen ? classes["sideOpen"] : classes["side"]}>
        <Navigation isLive={feed === "open"} onChoose={() => setIsOpen(false)} />
      </aside>
      <main className={classes["main"]} id="page" tabIndex={-1} ref={main}>
        <StaleNotice isLive={feed === "open"} />
        <PageGuard key={location}>
          <Suspense fallback={<PageFallback />}>
            <Switch>
              {PAGES.map(({ path, component }) => (
                <Route key={path} path={path} component={component} />
              ))}
              <Route>
                <Empty title={t("There is no such page")} />
              </Route>
            </Switch>
          </Suspense>
        </PageGuard>
      </main>
    </div>
  );
}

interface NavigationProps {
  readonly isLive: boolean;
  readonly onChoose: () => void;
}

function Navigation({ isLive, onChoose }: NavigationProps) {
  const { t } = useTexts();
  const { signOut } = useSigning();
  const [location] = useLocation();
  return (
    <>
      <Group gap="xs" className={classes["brand"] ?? ""}>
        <Mark />
        <Text fw={600} size="sm">
          gptomni-gateway
        </Text>
      </Group>
      <nav aria-label={t("Pages")}>
        {PAGES.map(({ path, label, icon }) => {
          const to = path.replace("/:id?", "");
          const isHere = to === "/" ? location === "/" : location === to || location.startsWith(`${to}/`);
          return (
            <Link
              key={path}
              href={to}
              className={classes["link"] ?? ""}
              onClick={onChoose}
              aria-current={isHere ? "page" : undefined}
            >
              <Icon name={icon} />
              {t(label)}
            </Link>
          );
        })}
      </nav>
      <div className={classes["foot"]}>
        <Text size="xs" c="dimmed" ta="center">
          {isLive ? t("Live") : t("Not live")}
        </Text>
        <LookSwitches />
        <Button variant="subtle" size="xs" color="gray" onClick={() => void signOut()}>
          {t("Sign out")}
        </Button>
      </div>
    </>
  );
}
