import { ConfigError, loadConfig, type Config } from "../config/config.ts";
import { readEnvFile } from "../config/env-file.ts";
import { readAccountsFile, watchAccountsFile } from "./accounts-file.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import type { Log } from "../observe/log.ts";
import { sitesAt } from "../sites/catalog.ts";

const ENV_FILE = ".env";

/** The settings as they are now in the environment and in `.env`. @throws ConfigError */
export function currentConfig(): Config {
  return loadConfig(process.env, { file: { ...readEnvFile(ENV_FILE), path: ENV_FILE } });
}

/**
 * The accounts as they are now in their file, or else in the settings. Undefined when there is no list at all, which is not
 * the same as an empty list. @throws ConfigError
 */
export async function currentAccounts({
  accounts: { file, list, isListGiven },
  sites,
}: Pick<Config, "accounts" | "sites">): Promise<readonly ConfiguredAccount[] | undefined> {
  if (file !== undefined) return readAccountsFile(file, sitesAt(sites));
  return isListGiven ? list : undefined;
}

/** Settings whose change takes effect with a reload. */
const RELOADED: ReadonlySet<string> = new Set(["GPTOMNI_CREDENTIALS", "CREDENTIALS_FILE"]);

/**
 * Reloads the list of accounts when its file changes, and on SIGHUP without a terminal. A list that is wrong changes nothing.
 * The log names every other setting that changed: it takes effect after a restart.
 */
export function reloading(
  started: Config,
  { endsOnHangUp }: { readonly endsOnHangUp: boolean },
  apply: (list: readonly ConfiguredAccount[]) => Promise<void>,
  log: Log,
): Disposable {
  const { digests } = started;
  let watched = started.accounts.file;
  let watch = watched === undefined ? undefined : watchAccountsFile(watched, onChange);
  const reload = async (): Promise<void> => {
    try {
      const config = currentConfig();
      const list = await currentAccounts(config);
      if (!list) throw new ConfigError("There is no list of accounts any more; [] is an empty one.");
      await apply(list);
      log.info({ accounts: list.length }, "accounts reloaded");
      follow(config.accounts.file);
      const changed = [...config.digests].filter(
        ([name, digest]) => digests.get(name) !== digest && !RELOADED.has(name),
      );
      if (changed.length > 0) {
        log.warn({ settings: changed.map(([name]) => name) }, "changed settings take effect after a restart");
      }
    } catch (cause) {
      log.error({ reason: cause instanceof ConfigError ? cause.message : String(cause) }, "accounts not reloaded");
    }
  };
  const follow = (file: string | undefined): void => {
    if (file === watched) return;
    watch?.[Symbol.dispose]();
    watched = file;
    watch = file === undefined ? undefined : watchAccountsFile(file, onChange);
  };
  function onChange(): void {
    void reload();
  }
  if (!endsOnHangUp) process.on("SIGHUP", onChange);
  return {
    [Symbol.dispose]: () => {
      process.off("SIGHUP", onChange);
      watch?.[Symbol.dispose]();
    },
  };
}
