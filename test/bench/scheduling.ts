import type { GatewayPath } from "./paths.ts";
import { table } from "./statistics.ts";

export const CREDENTIALS = 200;
const SENDS = 2;
const WINDOW_SECONDS = 60;
/** More than ever have their turn at once, so that somebody always waits. */
const ASKERS = 40;
const WINDOWS = 2;

/** Many accounts whose paces, not the few open pages, are to be the limit. */
export const SCHEDULING_SETTINGS = {
  RATE_LIMIT: `${SENDS}/${WINDOW_SECONDS}s`,
  MAX_OPEN_SESSIONS: "10",
  CREDENTIALS_PER_BROWSER: "8",
};

/** Asks without end and counts answers a window, against what the paces allow. */
export async function schedule(gateway: GatewayPath): Promise<string> {
  const allowed = (CREDENTIALS * SENDS) / WINDOW_SECONDS;
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
  const rows: string[][] = [];
  for (let window = 1; window <= WINDOWS; window += 1) {
    const before = answered;
    const startedMs = performance.now();
    await Promise.race([new Promise((resolve) => setTimeout(resolve, WINDOW_SECONDS * 1000)), asking]);
    const perSecond = ((answered - before) / (performance.now() - startedMs)) * 1000;
    rows.push([String(window), perSecond.toFixed(2), allowed.toFixed(2), (perSecond / allowed).toFixed(2)]);
  }
  await asking;
  const title = `${CREDENTIALS} accounts at ${SCHEDULING_SETTINGS.RATE_LIMIT} over ${SCHEDULING_SETTINGS.MAX_OPEN_SESSIONS} open pages`;
  return `${title}\n\n${table(["window", "answers/s", "allowed/s", "share"], rows)}`;
}
