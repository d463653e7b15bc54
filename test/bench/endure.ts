import { readFile, readdir } from "node:fs/promises";
import type { GatewayPath } from "./paths.ts";
import { table } from "./statistics.ts";

const REQUESTS = 1_000;
const SAMPLE_EVERY = 100;

/** Asks 1,000 questions, one after another per account: every answer must be its own, and nothing may go on growing. */
export async function endure(gateway: GatewayPath, accounts: number): Promise<string> {
  const samples: string[][] = [];
  let wrong = 0;
  let asked = 0;
  const askInTurn = async (): Promise<void> => {
    while (asked < REQUESTS) {
      asked += 1;
      const number = asked;
      const question = `request ${number} of many ${Math.random()}`;
      let answer = "";
      for await (const piece of gateway.ask(question, 0)) answer += piece;
      if (answer !== `You said: ${question}`) wrong += 1;
      if (number % SAMPLE_EVERY > 0) continue;
      const [residentMiB, processes] = await Promise.all([residentMiBOf(gateway.pid), descendants(gateway.pid)]);
      samples.push([String(number), `${residentMiB.toFixed(0)} MiB`, String(processes)]);
    }
  };
  await Promise.all(Array.from({ length: accounts }, askInTurn));
  const rows = table(["after", "gateway RSS", "browser processes"], samples);
  return `${REQUESTS} requests over ${accounts} accounts, lost or mixed: ${wrong}\n\n${rows}`;
}

async function residentMiBOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Processes below one, found through /proc. */
async function descendants(pid: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isBelow = (one: number): boolean => {
    const parent = parents.get(one);
    return parent !== undefined && parent > 1 && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).length;
}
