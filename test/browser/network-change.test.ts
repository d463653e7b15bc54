import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

interface Result {
  readonly status: number;
  readonly body: string;
  readonly attempts: string;
  readonly posts: readonly { account: string; startedAt: number; finishedAt: number; aborted: boolean }[];
}

const CHILD = join(import.meta.dirname, "network-change-child.ts");

/** The test changes real interfaces in a network namespace of its own, which not every machine permits. */
function hasNamespaces(): boolean {
  try {
    execFileSync("unshare", ["--net", "ip", "link", "add", "v0", "type", "veth"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function askDuring(times: number, phase: "head" | "text"): Promise<Result> {
  const command = ["--net", process.execPath, CHILD, String(times), phase];
  const { stdout } = await promisify(execFile)("unshare", command, { timeout: 150_000 });
  return JSON.parse(/^result (.*)$/m.exec(stdout)?.[1] ?? "null") as Result;
}

test.skipIf(!hasNamespaces()).each([
  [1, "head"],
  [1, "text"],
  [2, "head"],
  [2, "text"],
] as const)(
  "%i changes of the network before the answer's first text cost no answer (%s)",
  async (times, phase) => {
    const { status, body, attempts, posts } = await askDuring(times, phase);
    expect([status, attempts]).toEqual([200, String(times + 1)]);
    expect(body).toContain("hello");
    expect(posts.map(({ aborted }) => aborted)).toEqual([...Array.from({ length: times }, () => true), false]);
    // The same account, after about a second.
    expect(new Set(posts.map(({ account }) => account)).size).toBe(1);
    for (const [index, { finishedAt }] of posts.slice(0, -1).entries()) {
      expect((posts[index + 1]?.startedAt ?? 0) - finishedAt).toBeGreaterThanOrEqual(900);
    }
  },
  180_000,
);
