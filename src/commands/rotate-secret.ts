import { currentConfig } from "../accounts/reload.ts";
import { placeOf } from "../store/postgres-url.ts";
import { rotateSecretKey } from "../store/rotate-secret.ts";

/** Seals what is stored with another SECRET_KEY, while no gateway runs on SQLite. */
export async function rotateSecret(): Promise<void> {
  const { secretKey: configured, ...store } = currentConfig().store;
  await rotateSecretKey({ store, configured, next: process.env["NEW_SECRET_KEY"] || undefined });
  const place = store.databaseUrl === undefined ? store.stateDir : placeOf(store.databaseUrl);
  console.log(`${place} is sealed with the new key${configured === undefined ? "" : ": set SECRET_KEY to it"}`);
}
