import type { GatewayPath } from "./paths.ts";
import { table } from "./statistics.ts";

export const CREDENTIALS = 200;
const SENDS = 2;
const WINDOW_SECONDS = 60;
/** More than can be served at once, so that a request always waits. */
const ASKERS = 40;
const WINDOWS = 2;

/** Many accounts over few open pages: the rate limits, not the pages, should limit the answers. */
export const SCHEDULING_SETTINGS = {
  RATE_LIMIT: `${SENDS}/${WINDOW_SECONDS}s`,
  MAX_OPEN_SESSIONS: "10",
  CREDENTIALS_PER_BROWSER: "8",
};

/** Answers a second in one window, and how many the rate limits allow. */
export interface Window {
  readonly perSecond: number;
  readonly allowed: number;
}

/** Asks without a pause and counts the answers of each window. */
export async function schedule(gateway: GatewayPath): Promise<readonly Window[]> {
  let answered = 0;
  const endMs = performance.now() + WINDOWS * WINDOW_SECONDS * 1000;
  const askInTurn = async (_: unknown, asker: number): Promise<void> => {
    while (performance.now() < endMs) {
      const question = `asker ${asker}, answer ${answered}`;
      let answer = "";
      for await (const piece of gateway.ask(question, 0)) answer += piece;
      if (answer !== `You said: ${question}`) throw new Error(`lost or mixed: ${answer}`);
      answered += 1;
    }
  };
  const asking = Promise.all(Array.from({ length: ASKERS }, askInTurn));
  const windows: Window[] = [];
  for (let window = 1; window <= WINDOWS; window += 1) {
    const before = answered;
    const startedMs = performance.now();
    await Promise.race([new Promise((resolve) => setTimeout(resolve, WINDOW_SECONDS * 1000)), asking]);
    const perSecond = ((answered - before) / (performance.now() - startedMs)) * 1000;
    windows.push({ perSecond, allowed: (CREDENTIALS * SENDS) / WINDOW_SECONDS });
  }
  await asking;
  return windows;
}

export function schedulingReport(windows: readonly Window[]): string {
  const { RATE_LIMIT, MAX_OPEN_SESSIONS } = SCHEDULING_SETTINGS;
  const rows = windows.map(({ perSecond, allowed }, index) => {
    return [String(index + 1), perSecond.toFixed(2), allowed.toFixed(2), (perSecond / allowed).toFixed(2)];
  });
  const title = `${CREDENTIALS} accounts at ${RATE_LIMIT} over ${MAX_OPEN_SESSIONS} open pages`;
  return `${title}\n\n${table(["window", "answers/s", "allowed/s", "share"], rows)}`;
}
