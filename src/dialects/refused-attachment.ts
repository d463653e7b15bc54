import { GatewayError } from "../errors.ts";

/** The site takes text only. An attachment that the user has just added can still be taken back, so it is refused. */
export function refusedAttachment(unit: "parts" | "blocks", type: string, where: string): GatewayError {
  const message = `Invalid content at '${where}': ${unit} of type '${type.slice(0, 64)}' are not supported. This model takes text only.`;
  return new GatewayError("unsupported_content", message, { param: `${where}.type` });
}
