import { parentPort } from "node:worker_threads";
import { CompiledSchema, type CheckOutcome } from "./compile.ts";

/** Asks whether JSON text meets a schema or, without a value, whether the schema can be checked. */
export interface SchemaQuestion {
  readonly schema: string;
  readonly value: string | undefined;
}

export interface SchemaReply extends CheckOutcome {
  /** Processor time of the worker since it started. */
  readonly cpuMs: number;
}

/** Agents send the same schemas in every turn, so compiled ones are kept, up to this many characters of schema text. */
const MAX_KEPT_CHARACTERS = 1_000_000;
const kept = new Map<string, CompiledSchema>();
let keptCharacters = 0;

function compiledOf(text: string): CompiledSchema {
  const compiled = kept.get(text) ?? new CompiledSchema(JSON.parse(text));
  if (kept.delete(text)) keptCharacters -= text.length;
  kept.set(text, compiled);
  keptCharacters += text.length;
  // The least recently used one goes first.
  for (const oldest of kept.keys()) {
    if (keptCharacters <= MAX_KEPT_CHARACTERS) break;
    kept.delete(oldest);
    keptCharacters -= oldest.length;
  }
  return compiled;
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

parentPort?.on("message", ({ schema, value }: SchemaQuestion) => {
  const compiled = compiledOf(schema);
  const { unchecked } = compiled;
  const outcome = value === undefined ? { unchecked, violations: [] } : compiled.check(JSON.parse(value));
  parentPort?.postMessage({ ...outcome, cpuMs: cpuMs() } satisfies SchemaReply);
});
// The modules are loaded. Processor time is counted from here on.
parentPort?.postMessage({ unchecked: undefined, violations: [], cpuMs: cpuMs() } satisfies SchemaReply);
