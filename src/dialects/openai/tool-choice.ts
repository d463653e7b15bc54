import { GatewayError } from "../../errors.ts";
import type { ToolChoice } from "../../turn/ask.ts";

/** What the model may call, and what it must. */
interface Chosen {
  readonly tools: readonly unknown[];
  readonly toolChoice: ToolChoice;
}

/**
 * A call cannot be demanded where there is nothing to call.
 * @param providerTypes the types of tools that were chosen and that the provider would have run itself.
 */
export function refuseEmptyDemand({ tools, toolChoice }: Chosen, providerTypes: readonly string[]): void {
  if (toolChoice === "auto" || tools.length > 0) return;
  const [type] = providerTypes;
  if (type !== undefined) throw providerToolChosen(type);
  const message = "Tool choice 'required' must be specified with 'tools' parameter.";
  throw new GatewayError("invalid_value", message, { param: "tool_choice" });
}

export function providerToolChosen(type: string): GatewayError {
  const message = `Unsupported value: 'tool_choice' does not support '${type.slice(0, 64)}' with this model.`;
  return new GatewayError("unsupported_value", message, { param: "tool_choice" });
}
