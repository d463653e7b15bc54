import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { GatewayError } from "../errors.ts";
import { assertKnownHost, assertOneHost } from "./host-check.ts";
import { isOwnPage } from "./own-origin.ts";
import { refuseConnection, type Upgrade } from "./server.ts";

/** A WebSocket for operators, at one exact path. */
export interface WebSocketRoute<G> {
  readonly path: `/${string}`;
  readonly maxMessageBytes: number;
  /** What the request may have. @throws GatewayError when it may not. */
  admit(query: URLSearchParams, headers: IncomingHttpHeaders): G | Promise<G>;
  /** Takes the connection over in place of `connect`; false where it does not. */
  relay?(request: IncomingMessage, socket: Duplex, head: Buffer, granted: G): boolean;
  connect(socket: WebSocket, granted: G): void;
}

/**
 * Opens the route's connections. The rules are those of the admin audience. A browser sends no key with a WebSocket and lets
 * pages of every origin open one, so the Origin must be the gateway's own.
 */
export function webSocketUpgrade<G>(route: WebSocketRoute<G>, allowedHosts: readonly string[]): Upgrade {
  const server = new WebSocketServer({ noServer: true, maxPayload: route.maxMessageBytes });
  return {
    isWanted: ({ url, method, headers }) =>
      method === "GET" && headers.upgrade?.toLowerCase() === "websocket" && url?.split("?", 1)[0] === route.path,
    take(request, socket, head) {
      // A connection that breaks now has nobody who waits for it.
      const onError = (): void => void socket.destroy();
      socket.on("error", onError);
      admit(route, request, allowedHosts).then(
        (granted) => {
          socket.off("error", onError);
          if (route.relay?.(request, socket, head, granted)) return;
          server.handleUpgrade(request, socket, head, (webSocket) => route.connect(webSocket, granted));
        },
        (cause: unknown) => refuseConnection(socket, GatewayError.from(cause)),
      );
    },
  };
}

async function admit<G>(
  route: WebSocketRoute<G>,
  request: IncomingMessage,
  allowedHosts: readonly string[],
): Promise<G> {
  const { headers, url = "" } = request;
  assertOneHost(request);
  assertKnownHost(headers.host, route.path, allowedHosts);
  if (isOwnPage(headers) === false) throw new GatewayError("request_forged", "The request comes from another page.");
  return route.admit(new URLSearchParams(url.split("?")[1]), headers);
}
