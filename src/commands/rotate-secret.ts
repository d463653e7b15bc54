import { currentConfig } from "../accounts/reload.ts";
import { rotateSecretKey } from "../store/rotate-secret.ts";

/** Seals what is stored with another SECRET_KEY, while no gateway runs. */
export async function rotateSecret(): Promise<void> {
  const { stateDir, secretKey: configured } = currentConfig().store;
  await rotateSecretKey({ stateDir, configured, next: process.env["NEW_SECRET_KEY"] || undefined });
  console.log(`${stateDir} is sealed with the new key${configured === undefined ? "" : ": set SECRET_KEY to it"}`);
}
