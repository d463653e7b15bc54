import type { BrowserEndpoint } from "../credentials/browser-endpoint.ts";
import type { LaunchOptions } from "./launch.ts";
import { LocalBrowsers } from "./local.ts";
import type { BrowserProvider } from "./provider.ts";
import { RemoteBrowsers } from "./remote/remote.ts";

export interface SourceOptions {
  readonly browser: LaunchOptions;
  /** Where browsers run; on this machine if undefined. */
  readonly browserEndpoint: BrowserEndpoint | undefined;
}

/** Where the operator's browsers come from. */
export function browserSource({ browser, browserEndpoint: endpoint }: SourceOptions): BrowserProvider {
  return endpoint === undefined ? new LocalBrowsers(browser) : new RemoteBrowsers({ ...browser, endpoint });
}
