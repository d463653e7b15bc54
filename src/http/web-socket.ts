import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
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
  admit(query: URLSearchParams, headers: IncomingHttpHeaders): G;
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
      try {
        const granted = admit(route, request, allowedHosts);
        socket.off("error", onError);
        server.handleUpgrade(request, socket, head, (webSocket) => route.connect(webSocket, granted));
      } catch (cause) {
        refuseConnection(socket, GatewayError.from(cause));
      }
    },
  };
}

function admit<G>(route: WebSocketRoute<G>, request: IncomingMessage, allowedHosts: readonly string[]): G {
  const { headers, url = "" } = request;
  assertOneHost(request);
  assertKnownHost(headers.host, route.path, allowedHosts);
  if (isOwnPage(headers) === false) throw new GatewayError("request_forged", "The request comes from another page.");
  return route.admit(new URLSearchParams(url.split("?")[1]), headers);
}
