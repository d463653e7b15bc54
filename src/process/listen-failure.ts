const FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: "is taken by another program: end that one, or set another PORT",
  EACCES: "may not be used by this user: set a PORT from 1024 up",
  EADDRNOTAVAIL: "is no address of this machine: set HOST to one, or to 0.0.0.0",
  ENOTFOUND: "is no address of this machine: set HOST to one, or to 0.0.0.0",
};

/** Why this address cannot be listened on, and what to do about it. */
export function listenFailure({ host, port }: { host: string; port: number }, cause: NodeJS.ErrnoException): string {
  return `HOST=${host} PORT=${port} ${FAILURES[cause.code ?? ""] ?? `cannot be listened on: ${cause.message}`}.`;
}
