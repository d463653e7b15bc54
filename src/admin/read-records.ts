import { z } from "zod";
import { GatewayError } from "../errors.ts";
import { StoreError } from "../store/store-error.ts";

/** Unix time in milliseconds. */
export const timeParameter = z
  .string()
  .regex(/^\d{1,15}$/, { error: "expected Unix time in milliseconds" })
  .transform(Number)
  .meta({ description: "Unix time in milliseconds." });

/** @throws GatewayError `records_unavailable` where the store cannot be read. */
export async function readRecords<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new GatewayError("records_unavailable", "What was recorded cannot be read at the moment.", { cause });
  }
}
