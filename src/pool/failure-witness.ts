import type { GatewayError } from "../errors.ts";
import type { Lease } from "./lease.ts";

/** An attempt to answer that failed while it had an account. */
export interface FailedAttempt {
  readonly lease: Lease;
  readonly failure: GatewayError;
  readonly requestId: string;
  /** How often the site was asked for the request, and how long it waited for accounts. */
  readonly progress: { readonly attempts: number; readonly queuedMs: number };
  /** The request may be asked again with the same account: it must not wait until the page was looked at. */
  readonly mayRepeat: boolean;
}

/** Looks at what failed. It throws nothing and takes no time from the request. */
export interface FailureWitness {
  witness(attempt: FailedAttempt): void;
}

/** Shows failures of the site and of the browser. What the caller did is no matter of the page. */
export function showFailure(
  witness: FailureWitness | undefined,
  { requestId, ...attempt }: Omit<FailedAttempt, "requestId"> & { readonly requestId: string | undefined },
): void {
  const { row, code } = attempt.failure;
  if (requestId === undefined || row.status < 500 || code === "server_shutting_down") return;
  witness?.witness({ requestId, ...attempt });
}
