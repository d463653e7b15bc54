import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";

const MIB = 1024 * 1024;
/** Chromium's own processes and Node, before the first page. */
const BASE_BYTES = 600 * MIB;
/** A bare page with its context in a shared browser is 26 MiB (proportional set, Chromium 156); a site adds its scripts. */
const SESSION_BYTES = 120 * MIB;

/** From here on, no page is opened, and idle pages are closed. */
const TIGHT_SHARE = 0.85;
/** From here on, no request is admitted. */
const FULL_SHARE = 0.93;

/** How full the memory is that this process may use: that of its container, or else of the machine. */
export class MemoryPressure {
  readonly #usedShare: () => number;
  readonly #holdsPages: boolean;

  /** `usedShare`: in place of the machine's. `holdsPages`: false where the pages are in the memory of another machine. */
  constructor({
    usedShare = measuredShare,
    holdsPages = true,
  }: { readonly usedShare?: (() => number) | undefined; readonly holdsPages?: boolean } = {}) {
    this.#usedShare = usedShare;
    this.#holdsPages = holdsPages;
  }

  get isTight(): boolean {
    return this.#holdsPages && this.#usedShare() >= TIGHT_SHARE;
  }

  get isFull(): boolean {
    return this.#usedShare() >= FULL_SHARE;
  }
}

/** How many pages fit into the memory of the container, or else of the machine. */
export function sessionsThatFit(): number {
  return Math.max(1, Math.floor((limitBytes() - BASE_BYTES) / SESSION_BYTES));
}

function limitBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function measuredShare(): number {
  return containerShare() ?? 1 - freeBytes() / totalmem();
}

/** From cgroup v2, else v1. File cache that the kernel can drop does not count. */
function containerShare(): number | undefined {
  for (const [limit, used, stat, cache] of CGROUP_FILES) {
    const limitNumber = Number(read(limit));
    const usedNumber = Number(read(used));
    if (!(limitNumber > 0 && limitNumber < totalmem()) || !Number.isFinite(usedNumber)) continue;
    const cached = Number(new RegExp(`^${cache} (\\d+)`, "m").exec(read(stat))?.[1] ?? 0);
    return (usedNumber - cached) / limitNumber;
  }
  return undefined;
}

const CGROUP_FILES = [
  ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat", "inactive_file"],
  [
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    "/sys/fs/cgroup/memory/memory.stat",
    "total_inactive_file",
  ],
] as const;

function freeBytes(): number {
  const availableKib = /^MemAvailable:\s+(\d+)/m.exec(read("/proc/meminfo"))?.[1];
  return availableKib === undefined ? freemem() : Number(availableKib) * 1024;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
