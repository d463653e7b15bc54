import { readFile } from "node:fs/promises";
import { unwatchFile, watchFile } from "node:fs";
import { ConfigError } from "../config/config.ts";
import { identify, type KnownSites } from "../credentials/account-identity.ts";
import { accounts as accountsSetting, type ConfiguredAccount } from "../credentials/configured-account.ts";

/** How often the file is checked. Folders that are mounted into a container report no change by themselves. */
const LOOK_EVERY_MS = 1_000;

/**
 * The accounts in a file, in the form of GPTOMNI_CREDENTIALS. Undefined when the file is empty: it is empty in the middle of a
 * save, too, and the empty list is `[]`.
 * @throws ConfigError that names the file and what is wrong with it, and never quotes it.
 */
export async function readAccountsFile(
  path: string,
  sites: KnownSites,
): Promise<readonly ConfiguredAccount[] | undefined> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(`CREDENTIALS_FILE: ${path} cannot be read (${cause.code ?? "?"}).`, { cause });
  });
  // A crash may leave zeros.
  if (/^[\s\ufeff\0]*$/.test(text)) return undefined;
  const parsed = accountsSetting.safeParse(text);
  const wrong = (problem: string): ConfigError => new ConfigError(`CREDENTIALS_FILE: expected in ${path} ${problem}.`);
  if (!parsed.success) throw wrong(parsed.error.issues[0]?.message ?? "accounts");
  const { accounts, problem } = identify(parsed.data, sites);
  if (problem !== undefined) throw wrong(problem);
  return accounts.map((account) => ({ ...account, source: "file" }));
}

/** Calls back after each change of the file, until disposed. */
export function watchAccountsFile(path: string, onChange: () => void): Disposable {
  watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, onChange);
  return { [Symbol.dispose]: () => unwatchFile(path, onChange) };
}
