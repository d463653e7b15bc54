import type { AccountState } from "../../src/pool/account-state.ts";
import type { LivezProbe } from "../support/livez-probe.ts";
import type { Asked } from "./asked.ts";
import { HostScene, type HostOptions } from "./host-scene.ts";
import { brokenInvariants, type Evidence } from "./invariants.ts";
import { Scene, type SceneOptions } from "./scene.ts";

/** One fault of the catalogue, in its kind of scene. */
interface Fault<S> {
  readonly id: string;
  readonly fault: string;
  /** What the client gets who is met by it; `Asked.got`. */
  readonly gets: string;
  /** Does it, and gives the request that it met. */
  readonly run: (scene: S) => Promise<Asked>;
  /** The state in which it rightly leaves the account. */
  readonly lasting?: AccountState;
  /** What it cannot do without, where a machine may lack it. */
  readonly needs?: "Xvfb";
  /** Whether the row itself makes the gateway stand still. */
  readonly stops?: boolean;
  /** Whether an account other than the bystander's answers again; it does, unless told. */
  readonly recovers?: boolean;
}

export interface Row extends Fault<Scene> {
  readonly scene?: SceneOptions;
}

/** One that a process meets from outside. */
export interface HostRow extends Fault<HostScene> {
  readonly host: HostOptions;
}

export interface Outcome {
  readonly gets: string;
  /** Which invariants did not hold, and what was seen. */
  readonly broken: readonly string[];
  /** From the fault until an account that it met answers again; undefined where none does. */
  readonly recoveredMs: number | undefined;
}

/** A request that is to be answered may wait for a page to open, which takes its time on a busy machine. */
const PATIENT_SECONDS = 30;

/** Injects the fault for real, while the probe looks how soon the gateway answers. */
export async function inject(row: Row | HostRow, probe: LivezProbe): Promise<Outcome> {
  const queueTimeoutSeconds = row.gets.startsWith("answer") ? PATIENT_SECONDS : undefined;
  if ("host" in row) return perform(row, await HostScene.open({ queueTimeoutSeconds, ...row.host }), probe);
  return perform(row, await Scene.open({ queueTimeoutSeconds, ...row.scene }), probe);
}

interface Stage extends AsyncDisposable {
  readonly url: string;
  recovered(): Promise<number>;
  end(lasting?: AccountState): Promise<Evidence>;
}

async function perform<S extends Stage>(row: Fault<S>, opened: S, probe: LivezProbe): Promise<Outcome> {
  await using scene = opened;
  const watch = (): void => probe.watch(row.stops ? undefined : scene.url);
  watch();
  const asked = await row.run(scene);
  await asked.over;
  // It may be another process by now.
  watch();
  const recoveredMs = (row.recovers ?? true) ? await scene.recovered() : undefined;
  probe.watch(undefined);
  const evidence = await scene.end(row.lasting);
  return { gets: asked.got, broken: brokenInvariants(evidence), recoveredMs };
}
