import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { finished } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { GatewayError } from "../errors.ts";

export interface BodyReading {
  /** Of the body, decompressed. */
  readonly maxBytes: number;
  /** Called with the size so far, decompressed, before a part is kept. Throws where the body may not be so large. */
  readonly onGrowth: (bytes: number) => void;
}

const DECOMPRESSORS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/**
 * Reads a request's body, decompressed. Express's own reader does not report the size while a body arrives.
 * @throws GatewayError `request_too_large`, `unsupported_content_type`, `bad_request` where it cannot be decompressed,
 * `client_closed`, and what `onGrowth` throws. The rest of the body is discarded first: a client that sends does not read.
 */
export async function readBytes(request: IncomingMessage, reading: BodyReading): Promise<Buffer> {
  try {
    return await readParts(request, reading);
  } finally {
    request.unpipe();
    request.resume();
    await finished(request, { writable: false }).catch(() => {});
  }
}

async function readParts(request: IncomingMessage, { maxBytes, onGrowth }: BodyReading): Promise<Buffer> {
  const grow = (bytes: number): void => {
    if (bytes > maxBytes) {
      throw new GatewayError("request_too_large", `The request body is larger than ${maxBytes} bytes.`);
    }
    onGrowth(bytes);
  };
  const decompressor = decompressorOf(request);
  // The announced length is counted at once, so that requests that start together cannot exceed the budget.
  if (!decompressor) grow(Number(request.headers["content-length"] ?? 0));
  const parts: Buffer[] = [];
  let size = 0;
  try {
    const source = decompressor ? request.pipe(decompressor) : request;
    for await (const part of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += part.length;
      grow(size);
      parts.push(part);
    }
  } catch (cause) {
    throw toGatewayError(cause, request);
  } finally {
    decompressor?.destroy();
  }
  return Buffer.concat(parts);
}

function decompressorOf(request: IncomingMessage): Transform | undefined {
  const encoding = request.headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding === "identity") return undefined;
  const create = Object.hasOwn(DECOMPRESSORS, encoding) ? DECOMPRESSORS[encoding] : undefined;
  if (!create) {
    const message = "Unsupported content encoding: send the body plain, or as gzip, deflate, br or zstd.";
    throw new GatewayError("unsupported_content_type", message);
  }
  const decompressor = create();
  // An aborted request does not end the stream that it is piped to.
  request.once("close", () => {
    if (!request.complete) decompressor.destroy();
  });
  return decompressor;
}

function toGatewayError(cause: unknown, request: IncomingMessage): GatewayError {
  if (cause instanceof GatewayError) return cause;
  if (!request.complete && request.destroyed) {
    return new GatewayError("client_closed", "The client closed the connection.");
  }
  return new GatewayError("bad_request", "The request could not be read.", { cause });
}
