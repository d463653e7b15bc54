import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a terminal showed: a command that was typed, or a line that a program wrote, and when. */
export interface Line {
  readonly atMs: number;
  readonly kind: "command" | "output";
  readonly text: string;
}

export const RECORDING_FILE = join(import.meta.dirname, "recording.json");

export function recordedLines(): readonly Line[] {
  return JSON.parse(readFileSync(RECORDING_FILE, "utf8")) as Line[];
}
