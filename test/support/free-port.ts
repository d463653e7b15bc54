import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Linux takes the ports of outgoing connections from above these. */
const FIRST = 10_000;
const END = 32_000;

/** A port of this machine that nobody listens on at this moment, and that no outgoing connection gets until it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      (cause: NodeJS.ErrnoException) => {
        if (cause.code !== "EADDRINUSE") throw cause;
        return false;
      },
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
