import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BrowserHost } from "./browser/browser-host.ts";
import { Session } from "./browser/session.ts";
import { ConfigError, type Config } from "./config.ts";
import { Gateway } from "./gateway.ts";
import { createApp } from "./http/app.ts";
import type { Log } from "./log.ts";
import { Pace } from "./pool/pace.ts";
import { SessionPool } from "./pool/session-pool.ts";
import { Slot } from "./pool/slot.ts";
import type { Site } from "./site.ts";
import { gptomni } from "./sites/gptomni.ts";
import { flatten } from "./sites/prompt.ts";

/** Beyond a request's own deadline, before its session is taken back. */
const LEASE_GRACE_MS = 5_000;
/** Early failures keep their HTTP status this long; later, the shortest client and proxy limits (60 s) are in sight. */
const KEEP_ALIVE_AFTER_MS = 15_000;
const KEEP_ALIVE_EVERY_MS = 10_000;

export interface RunningGateway extends AsyncDisposable {
  /** Where it listens, without a path. */
  readonly url: string;
  readonly pool: SessionPool;
  readonly host: BrowserHost;
  /** Admits nobody any more and lets running answers finish, no longer than the drain timeout. */
  drain(): Promise<void>;
}

/** The composition root: config → browser → pool → gateway → server. Disposing stops it all in reverse. */
export async function startGateway(config: Config, apiKey: string, log: Log): Promise<RunningGateway> {
  await using started = new AsyncDisposableStack();
  const host = started.use(new BrowserHost(config, log));
  const site = gptomni(config.origin);
  const pool = started.use(poolOf(config, host, site, log));
  const gateway = new Gateway(pool, site, {
    firstPartTimeoutMs: config.firstByteTimeoutMs,
    gapTimeoutMs: config.idleTimeoutMs,
  });
  const app = createApp({
    gateway,
    models: site.models,
    promptOf: flatten,
    apiKey,
    readiness: () => pool.readiness,
    log,
    limits: { ...config, keepAliveAfterMs: KEEP_ALIVE_AFTER_MS, keepAliveEveryMs: KEEP_ALIVE_EVERY_MS },
    corsOrigins: config.corsOrigins,
  });
  const server = createServer(app);
  started.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = await listen(server, config);
  await pool.start();
  const stack = started.move();
  return {
    url,
    pool,
    host,
    drain: () => pool.drain(AbortSignal.timeout(config.drainTimeoutMs)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function poolOf(config: Config, host: BrowserHost, site: Site, log: Log): SessionPool {
  const slots = config.credentials.map(({ id, cookie }) => {
    const session = new Session(host, cookie, { site, ...config });
    return new Slot(id, session, new Pace(config.rateLimit));
  });
  const options = {
    limit: config.queueLimit,
    timeoutMs: config.queueTimeoutMs,
    leaseLimitMs: config.requestTimeoutMs + LEASE_GRACE_MS,
  };
  return new SessionPool(slots, options, log);
}

const LISTEN_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: "is taken by another program",
  EACCES: "may not be used by this user",
  EADDRNOTAVAIL: "is no address of this machine",
  ENOTFOUND: "is no address of this machine",
};

/** @throws ConfigError that says which address is taken or forbidden. */
async function listen(server: Server, { host, port }: Pick<Config, "host" | "port">): Promise<string> {
  server.listen(port, host);
  await once(server, "listening").catch((cause: NodeJS.ErrnoException) => {
    const problem = LISTEN_FAILURES[cause.code ?? ""] ?? `cannot be listened on: ${cause.message}`;
    throw new ConfigError(`HOST=${host} PORT=${port} ${problem}.`, { cause });
  });
  const address = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}
