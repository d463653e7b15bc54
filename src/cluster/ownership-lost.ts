import { GatewayError } from "../errors.ts";

/** Nothing may be sent with the account: another replica has it, or may have it. */
export function ownershipLost(why: string, cause?: unknown): GatewayError {
  return new GatewayError("ownership_lost", `This replica may not use the account now: ${why}.`, { cause });
}
