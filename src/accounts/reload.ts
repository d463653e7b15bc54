import { ConfigError, loadConfig, type Config } from "../config/config.ts";
import { readEnvFile } from "../config/env-file.ts";
import { readAccountsFile, watchAccountsFile } from "./accounts-file.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import type { Log } from "../observe/log.ts";
import { gptomni } from "../sites/gptomni.ts";

const ENV_FILE = ".env";

/** The settings as the environment and `.env` have them now. @throws ConfigError */
export function currentConfig(): Config {
  return loadConfig(process.env, { file: { ...readEnvFile(ENV_FILE), path: ENV_FILE } });
}

/**
 * The accounts as they stand now, in their file, else in the settings. Undefined when there is no list at all, which is
 * not the same as an empty one. @throws ConfigError
 */
export async function currentAccounts({
  accountsFile,
  accounts,
  isListGiven,
  origin,
}: Config): Promise<readonly ConfiguredAccount[] | undefined> {
  if (accountsFile !== undefined) return readAccountsFile(accountsFile, gptomni(origin));
  return isListGiven ? accounts : undefined;
}

/**
 * Takes a changed list of accounts in, when its file changes or on SIGHUP without a terminal. What is wrong leaves the old
 * one in force.
 */
export function reloading(
  config: Config,
  { endsOnHangUp }: { readonly endsOnHangUp: boolean },
  apply: (list: readonly ConfiguredAccount[]) => Promise<void>,
  log: Log,
): Disposable {
  const reload = async (): Promise<void> => {
    try {
      const list = await currentAccounts(currentConfig());
      if (!list) throw new ConfigError("There is no list of accounts any more; [] is an empty one.");
      await apply(list);
      log.info({ accounts: list.length }, "accounts reloaded");
    } catch (cause) {
      log.error({ reason: cause instanceof ConfigError ? cause.message : String(cause) }, "accounts not reloaded");
    }
  };
  const onHangUp = (): void => void reload();
  if (!endsOnHangUp) process.on("SIGHUP", onHangUp);
  const watch = config.accountsFile === undefined ? undefined : watchAccountsFile(config.accountsFile, onHangUp);
  return {
    [Symbol.dispose]: () => {
      process.off("SIGHUP", onHangUp);
      watch?.[Symbol.dispose]();
    },
  };
}
