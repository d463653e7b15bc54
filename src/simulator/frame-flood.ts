import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** https://www.rfc-editor.org/rfc/rfc6455#section-1.3 */
const HANDSHAKE_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** A whole text frame with a length of 64 bits. */
const TEXT_FRAME = [0x81, 127] as const;
const DEFAULT_FRAME_BYTES = 65_536;

/** Accepts a WebSocket, and sends it frames of `?bytes=` for as long as it is read. */
export function floodWithFrames(request: IncomingMessage, socket: Duplex): void {
  const { searchParams } = new URL(request.url ?? "/", "https://localhost");
  const length = Number(searchParams.get("bytes") ?? DEFAULT_FRAME_BYTES);
  const key = request.headers["sec-websocket-key"] ?? "";
  const accept = createHash("sha1")
    .update(key + HANDSHAKE_SUFFIX)
    .digest("base64");
  socket.on("error", () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const head = Buffer.from([...TEXT_FRAME, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(length), TEXT_FRAME.length);
  const frame = Buffer.concat([head, Buffer.alloc(length, "x")]);
  const send = (): void => {
    while (!socket.destroyed && socket.write(frame));
  };
  socket.on("drain", send);
  send();
}
