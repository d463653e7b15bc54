import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import { GatewayError } from "../errors.ts";
import { StoreError } from "../store/store-error.ts";

const PLACES = { settings: "GPTOMNI_CREDENTIALS", file: "CREDENTIALS_FILE", console: "the console" } as const;

/** The error for a credential with this problem, as `problemOfCredential` words it. */
export function unusable(problem: string): GatewayError {
  return new GatewayError("invalid_value", `Invalid 'credential': ${problem}.`, { param: "credential" });
}

/** Where an account is to be changed. */
export function placeOf({ source = "settings" }: Pick<ConfiguredAccount, "source">): string {
  return PLACES[source];
}

/** @throws GatewayError `state_not_stored` for what the store cannot do now. */
export async function storing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new GatewayError("state_not_stored", `Nothing was changed: ${cause.message}`, { cause });
  }
}
