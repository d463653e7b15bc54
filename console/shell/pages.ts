import type { ComponentType } from "react";
import type { Text } from "../texts/language.tsx";
import { Overview } from "../pages/overview/overview.tsx";
import type { IconName } from "./icon.tsx";
import { loadedLater } from "./loading.ts";

interface PageRow {
  /** Below `/console`, as wouter matches it. */
  readonly path: string;
  readonly label: Text;
  readonly icon: IconName;
  readonly component: ComponentType;
}

/** All but the first view are loaded when they are opened. */
export const PAGES: readonly PageRow[] = [
  { path: "/", label: "Overview", icon: "overview", component: Overview },
  {
    path: "/accounts/:id?",
    label: "Accounts",
    icon: "accounts",
    component: loadedLater(async () => (await import("../pages/accounts/accounts.tsx")).Accounts),
  },
  {
    path: "/playground",
    label: "Playground",
    icon: "playground",
    component: loadedLater(async () => (await import("../pages/playground/playground.tsx")).Playground),
  },
  {
    path: "/keys",
    label: "Keys",
    icon: "keys",
    component: loadedLater(async () => (await import("../pages/keys/keys.tsx")).Keys),
  },
  {
    path: "/requests/:id?",
    label: "Requests",
    icon: "requests",
    component: loadedLater(async () => (await import("../pages/requests/requests.tsx")).Requests),
  },
  {
    path: "/usage",
    label: "Usage",
    icon: "usage",
    component: loadedLater(async () => (await import("../pages/usage/usage.tsx")).Usage),
  },
  {
    path: "/live/:id?",
    label: "Live view",
    icon: "live",
    component: loadedLater(async () => (await import("../pages/live/live.tsx")).Live),
  },
  {
    path: "/events",
    label: "Events",
    icon: "events",
    component: loadedLater(async () => (await import("../pages/events/events.tsx")).Events),
  },
  {
    path: "/settings",
    label: "Settings",
    icon: "settings",
    component: loadedLater(async () => (await import("../pages/settings/settings.tsx")).Settings),
  },
];
