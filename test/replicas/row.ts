import { brokenInvariants } from "./invariants.ts";
import type { ReplicaScene } from "./scene.ts";
import type { Told } from "./told.ts";

/** Chromium breaks connections off when another program changes this machine's network. */
const NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED";

/** A fault that replicas meet. */
export interface Row {
  readonly id: string;
  readonly fault: string;
  /** So soon after it every account must serve again, but for the time that its pace lets it rest; milliseconds. */
  readonly withinMs: number;
  /** Codes that clients may get meanwhile. */
  readonly codes: readonly string[];
  /** Does it, and marks it by `scene.strike()`. Every account must serve again without any repair after it resolves. */
  readonly run: (scene: ReplicaScene) => Promise<void>;
  /** What is seen when the fault has been survived, before all is mended. */
  readonly afterwards?: (scene: ReplicaScene) => Promise<void>;
}

export interface Outcome {
  readonly broken: readonly string[];
  readonly servedMs: number;
  /** How often clients were told what since the fault began, e.g. `41 answered, 2 session_lost`. */
  readonly told: string;
}

/** Injects the fault under load, sees every account serve again, mends what is broken, and sees all serve once more. */
export async function inject(row: Row, scene: ReplicaScene): Promise<Outcome> {
  const before = scene.told.length;
  await row.run(scene);
  const servedMs = await scene.allServe();
  await row.afterwards?.(scene);
  await scene.recover();
  scene.strike();
  await scene.allServe();
  const told = scene.told.slice(before);
  return {
    broken: [...brokenInvariants(scene.evidence), ...unexpected(told, new Set(row.codes))],
    servedMs,
    told: summaryOf(told),
  };
}

/** Errors that the fault does not explain. */
function unexpected(told: readonly Told[], codes: ReadonlySet<string>): string[] {
  const wrong = told.filter(({ code, message }) => {
    return code !== undefined && !codes.has(code) && !message.includes(NETWORK_CHANGED);
  });
  const alike = Map.groupBy(wrong, ({ code, message, door }) => `${code} through ${door}: ${message}`);
  return [...alike].map(([what, all]) => `${all.length} clients got ${what}`);
}

function summaryOf(told: readonly Told[]): string {
  const counts = Map.groupBy(told, ({ ending, code }) => code ?? ending);
  counts.delete("under way");
  return [...counts].map(([what, all]) => `${all.length} ${what}`).join(", ");
}
