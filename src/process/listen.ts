import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigError } from "../config/config.ts";

interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: "is taken by another program: end that one, or set another PORT",
  EACCES: "may not be used by this user: set a PORT from 1024 up",
  EADDRNOTAVAIL: "is not an address of this machine: set HOST to one, or to 0.0.0.0",
  ENOTFOUND: "is not an address of this machine: set HOST to one, or to 0.0.0.0",
};

/** Resolves with the URL, without a path. @throws ConfigError that says which address is taken or forbidden. */
export async function listen(server: Server, { host, port }: ListenAddress): Promise<string> {
  server.listen(port, host);
  await once(server, "listening").catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(listenFailure({ host, port }, cause), { cause });
  });
  const address = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

/** Why this address cannot be listened on, and what to do about it. */
export function listenFailure({ host, port }: ListenAddress, cause: NodeJS.ErrnoException): string {
  return `HOST=${host} PORT=${port} ${FAILURES[cause.code ?? ""] ?? `cannot be listened on: ${cause.message}`}.`;
}
