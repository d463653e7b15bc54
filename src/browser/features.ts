const SWITCH = "--disable-features=";

/** What Playwright 1.65 switches off. Chromium reads the last such switch only, so ours must repeat it. */
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
 * What costs a renderer process and no site can see. The popups of the address bar are web pages, made for each window;
 * with all three on, Chromium 156 runs two renderers a window. The spare renderer is for the context that opened last,
 * which is seldom the one that opens next. Together they were 60 % of the processor time of opening a page.
 */
const NEEDLESS = [
  "SpareRendererForSitePerProcess",
  "WebUIOmniboxAimPopup",
  "WebUIOmniboxFullPopup",
  "WebUIOmniboxPopup",
];

/** Chromium's switches with the needless features off, besides those that these switches turn off already. */
export function withoutNeedlessFeatures(args: readonly string[]): string[] {
  const [own, rest] = [args.filter((arg) => arg.startsWith(SWITCH)), args.filter((arg) => !arg.startsWith(SWITCH))];
  const named = own.flatMap((arg) => arg.slice(SWITCH.length).split(","));
  return [...rest, SWITCH + [...PLAYWRIGHTS, ...NEEDLESS, ...named].join(",")];
}
