import { currentConfig } from "../accounts/reload.ts";
import { MachineError } from "../process/machine-error.ts";
import { moveStore, type Move } from "../store/move-store.ts";

/** Copies what is stored to PostgreSQL, or back to STATE_DIR, while no gateway runs. */
export async function move(to: Move["to"]): Promise<void> {
  const { secretKey, databaseUrl, ...store } = currentConfig().store;
  if (databaseUrl === undefined || secretKey === undefined) {
    throw new MachineError("Set DATABASE_URL and SECRET_KEY: they say where PostgreSQL is, and what seals the state.");
  }
  const { rows, place } = await moveStore({ ...store, to, secretKey, databaseUrl });
  const next =
    to === "postgres" ? "start the gateway" : "take DATABASE_URL out, keep SECRET_KEY, and start the gateway";
  console.log(`${rows} rows are copied to ${place}, sealed with SECRET_KEY: ${next}`);
}
