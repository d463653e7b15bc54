import { GatewayError } from "../errors.ts";

/** The site's answer stopped without saying that it was complete. */
export function replyCut(): GatewayError {
  return new GatewayError("reply_cut", "The answer ended before it was complete.");
}
