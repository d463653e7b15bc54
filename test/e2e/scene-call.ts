import type { ChallengeOptions } from "../../src/simulator/challenge.ts";
import type { Fault } from "../../src/simulator/fault.ts";

export interface SceneOptions {
  /** Accounts of the settings; each name becomes an id. */
  readonly accounts: readonly string[];
  /** Further settings. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What a test asks of the simulated site, which runs in another process. */
export interface SceneCall {
  readonly id: number;
  readonly call:
    | { readonly do: "addAccount"; readonly name: string }
    | { readonly do: "addPerson"; readonly name: string; readonly password: string }
    | { readonly do: "signOut"; readonly name: string }
    | { readonly do: "challenge"; readonly name: string; readonly options: ChallengeOptions }
    | { readonly do: "failNext"; readonly fault: Fault };
}
