const SWITCH = "--disable-features=";

/** What Playwright 1.65 switches off. Chromium reads only the last such switch, so ours must repeat these features. */
const PLAYWRIGHTS = [
  "AimEnabled",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "TcpPortRandomizationWin",
  "ThirdPartyStoragePartitioning",
  "msEdgeUpdateLaunchServicesPreferredVersion",
  "msForceBrowserSignIn",
];

/**
 * Features that cost a renderer process and that no site can see. The popups of the address bar are web pages, one set per
 * window: with all three on, Chromium 156 runs two renderers per window. The spare renderer belongs to the context that
 * opened last, which is seldom the next one to open a page. Together they took 60 % of the processor time of opening a page.
 */
const NEEDLESS = [
  "SpareRendererForSitePerProcess",
  "WebUIOmniboxAimPopup",
  "WebUIOmniboxFullPopup",
  "WebUIOmniboxPopup",
];

/** The switches, with the needless features turned off as well. */
export function withoutNeedlessFeatures(args: readonly string[]): string[] {
  const [own, rest] = [args.filter((arg) => arg.startsWith(SWITCH)), args.filter((arg) => !arg.startsWith(SWITCH))];
  const named = own.flatMap((arg) => arg.slice(SWITCH.length).split(","));
  return [...rest, SWITCH + [...PLAYWRIGHTS, ...NEEDLESS, ...named].join(",")];
}
