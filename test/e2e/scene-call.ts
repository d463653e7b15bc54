import type { ChallengeOptions } from "../../src/simulator/challenge.ts";
import type { Fault } from "../../src/simulator/fault.ts";

type Settings = Readonly<Record<string, string>>;

export interface SceneOptions {
  /** Accounts of the settings; each name becomes an id. */
  readonly accounts: readonly string[];
  /** Further settings. */
  readonly settings: Settings;
  /** What further settings each of several gateways has: they are processes that share a PostgreSQL. One gateway unless given. */
  readonly replicas?: readonly Settings[];
}

/** What a test asks of the simulated site, or does to a gateway, in the scene's process. */
export interface SceneCall {
  readonly id: number;
  readonly call:
    | { readonly do: "addAccount"; readonly name: string }
    | { readonly do: "addPerson"; readonly name: string; readonly password: string }
    | { readonly do: "signOut"; readonly name: string }
    | { readonly do: "challenge"; readonly name: string; readonly options: ChallengeOptions }
    | { readonly do: "failNext"; readonly fault: Fault }
    /** To the replica with this index, and to what it started. */
    | { readonly do: "signal"; readonly replica: number; readonly name: "SIGSTOP" | "SIGCONT" }
    /** As its operator stops it; nothing is waited for. */
    | { readonly do: "stop"; readonly replica: number };
}
