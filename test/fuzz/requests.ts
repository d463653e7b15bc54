import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import type { FuzzedDialect } from "./dialects.ts";
import { changed, changes } from "./mutations.ts";

/** A body as it goes over the wire. */
export interface Sent {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Bodies of the dialect with something changed, and bytes that are none. */
export function sentTo({ bodies }: FuzzedDialect): fc.Arbitrary<Sent> {
  const json = fc
    .tuple(fc.constantFrom(...bodies), changes(bodies))
    .map(([body, steps]) => JSON.stringify(changed(body, steps)));
  const type = { "content-type": "application/json" };
  const plain = json.map((text) => ({ bytes: bytesOf(text), headers: type }));
  const truncated = fc.tuple(json, fc.double({ min: 0, max: 1, noNaN: true })).map(([text, share]) => ({
    bytes: bytesOf(text.slice(0, Math.floor(text.length * share))),
    headers: type,
  }));
  const hugeNumber = json.map((text) => ({ bytes: bytesOf(text.replaceAll(/\b[0-9]+\b/g, "1e999")), headers: type }));
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ bytes: new Uint8Array(bytes), headers: type }));
  const overwritten = fc
    .tuple(json, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 }))
    .map(([text, at, noisy]) => {
      const bytes = bytesOf(text);
      bytes.set(noisy.slice(0, bytes.length), at % Math.max(1, bytes.length - noisy.length));
      return { bytes, headers: type };
    });
  const otherType = fc
    .tuple(
      json,
      fc.constantFrom("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", ";", "json"),
    )
    .map(([text, contentType]) => ({ bytes: bytesOf(text), headers: { "content-type": contentType } }));
  const packed = fc
    .tuple(fc.oneof(json.map(bytesOf), fc.uint8Array({ maxLength: 200 })), fc.constantFrom(...PACKINGS), fc.nat(3))
    .map(([bytes, [encoding, pack], damage]) => ({
      bytes: new Uint8Array(damage === 0 ? bytes : damage === 1 ? pack(bytes).subarray(0, -4) : pack(bytes)),
      headers: { ...type, "content-encoding": encoding },
    }));
  return fc.oneof(
    { weight: 14, arbitrary: plain },
    { weight: 1, arbitrary: truncated },
    { weight: 1, arbitrary: hugeNumber },
    { weight: 1, arbitrary: noise },
    { weight: 1, arbitrary: overwritten },
    { weight: 1, arbitrary: otherType },
    { weight: 1, arbitrary: packed },
  );
}

const PACKINGS = [
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["exotic", (bytes: Uint8Array) => Buffer.from(bytes)],
] as const;

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text));
}
