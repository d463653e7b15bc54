import type { CredentialState } from "../../src/pool/slot.ts";
import type { Asked } from "./asked.ts";
import { brokenInvariants } from "./invariants.ts";
import { Scene, type SceneOptions } from "./scene.ts";

/** One fault of the catalogue. */
export interface Row {
  readonly id: string;
  readonly fault: string;
  /** What the client gets who is met by it; `Asked.got`. */
  readonly gets: string;
  readonly scene?: SceneOptions;
  /** Does it, and gives the request that it met. */
  readonly run: (scene: Scene) => Promise<Asked>;
  /** The state in which it rightly leaves the account. */
  readonly lasting?: CredentialState;
  /** Whether an account other than the bystander's answers again; it does, unless told. */
  readonly recovers?: boolean;
}

export interface Outcome {
  readonly gets: string;
  /** Which invariants did not hold, and what was seen. */
  readonly broken: readonly string[];
  /** From the fault until an account that it met answers again; undefined where none does. */
  readonly recoveredMs: number | undefined;
}

/** Injects the fault for real. */
export async function inject(row: Row): Promise<Outcome> {
  await using scene = await Scene.open(row.scene ?? {});
  const asked = await row.run(scene);
  await asked.over;
  const recoveredMs = (row.recovers ?? true) ? await scene.recovered() : undefined;
  const evidence = await scene.end(row.lasting);
  return { gets: asked.got, broken: brokenInvariants(evidence), recoveredMs };
}
