import { join } from "node:path";
import { PostgresServer } from "../support/postgres-server.ts";
import { formatMs, measureDelays, STREAMS, unmeasured, type Figures } from "./measure.ts";
import { openGateway } from "./paths.ts";
import type { Site } from "./site.ts";
import { table } from "./statistics.ts";

export const FORWARDED = "forwarded";
const SECRET_KEY = "a secret key for benchmarks, of thirty-two bytes";

/** What it costs that the replica which a client asks has no account of its own and passes all on to a peer. */
export async function measureForwarding(site: Site, stateDir: string): Promise<string> {
  await using server = await PostgresServer.start();
  const shared = { DATABASE_URL: await server.createDatabase(), SECRET_KEY };
  const upstream = site.upstreamOf(FORWARDED, STREAMS);
  await using owner = await openGateway(upstream, join(stateDir, "owner"), shared);
  await using door = await openGateway(upstream, join(stateDir, "door"), { ...shared, MAX_OPEN_SESSIONS: "0" });
  const all = unmeasured([
    { ...owner, name: "local" },
    { ...door, name: "forwarded" },
  ]);
  await measureDelays(all);
  const [local, forwarded] = all.map(({ figures }) => figures) as [Figures, Figures];
  const row = (name: string, share: number, pick: (figures: Figures) => readonly number[]): string[] => [
    name,
    formatMs(pick(local), share),
    formatMs(pick(forwarded), share),
    (Number(formatMs(pick(forwarded), share)) / Number(formatMs(pick(local), share))).toFixed(2),
  ];
  return table(
    ["ms", "local", "forwarded", "forwarded is"],
    [
      row("first token p50", 0.5, ({ firstTokenMs }) => firstTokenMs),
      row("first token p99", 0.99, ({ firstTokenMs }) => firstTokenMs),
      row("chunk lag p50, 1 stream", 0.5, ({ lagMs }) => lagMs),
      row("chunk lag p99, 1 stream", 0.99, ({ lagMs }) => lagMs),
      row("chunk lag p50, 20 streams", 0.5, ({ lagOf20Ms }) => lagOf20Ms),
      row("chunk lag p99, 20 streams", 0.99, ({ lagOf20Ms }) => lagOf20Ms),
    ],
  );
}
