import type { FailureBundle, PAGE, SCREENSHOT } from "../accounts/failure-bundles.ts";
import type { AccountDirectory, LocalAccounts } from "./account-directory.ts";
import { localDirectory } from "./account-directory.ts";
import { overviewOf, type Overview } from "./overview.ts";
import { queueOf, type QueueDetail, type QueueSources } from "./queue.ts";
import { localChanges, type LocalStreamSources, type StreamSources } from "./stream-sources.ts";

/** What is kept of a request that failed in the browser; undefined for a request of which nothing is kept. */
export interface BundleReader {
  find(requestId: string): Promise<FailureBundle | undefined>;
  file(requestId: string, name: typeof SCREENSHOT | typeof PAGE): Promise<Buffer | undefined>;
}

/** What changes, for those who look at the moment. */
export interface Watch extends Disposable {
  readonly sources: StreamSources;
}

/** What an operator sees and does: at this gateway alone, or at all replicas. */
export interface Looks {
  /** The replica that answers; undefined without DATABASE_URL. */
  readonly replica: string | undefined;
  readonly accounts: AccountDirectory;
  readonly bundles: BundleReader;
  overview(): Promise<Overview>;
  queue(): Promise<QueueDetail>;
  watch(): Promise<Watch>;
}

export interface LookParts extends QueueSources, LocalStreamSources {
  readonly accounts: LocalAccounts;
  /** Undefined where FAILURE_BUNDLES is off. */
  readonly bundles: BundleReader | undefined;
}

const NO_BUNDLES: BundleReader = { find: async () => undefined, file: async () => undefined };

/** What this gateway shows of itself. */
export function localLooks(parts: LookParts): Looks {
  const sources = localChanges(parts);
  return {
    replica: undefined,
    accounts: localDirectory(parts.accounts),
    bundles: parts.bundles ?? NO_BUNDLES,
    overview: async () => overviewOf(parts),
    queue: async () => queueOf(parts),
    watch: async () => ({ sources, [Symbol.dispose]: () => undefined }),
  };
}
