import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Directory, Peer } from "./directory.ts";
import { NonceWindows } from "./nonce-windows.ts";
import { PROTOCOL } from "./protocol.ts";

const KEY_BYTES = 32;

/** The key by which replicas know each other, made from SECRET_KEY. */
export function clusterKeyOf(secretKey: string): Buffer {
  return Buffer.from(hkdfSync("sha256", Buffer.from(secretKey), "", "gptomni-gateway cluster v1", KEY_BYTES));
}

export interface Signed {
  readonly path: string;
  readonly firstLine: string;
}

/**
 * Signs what goes to a peer, and checks what comes from one. A signature holds for one target since its last start, one
 * path and first line, and works once. It needs no clock: the target remembers the numbers that it has seen.
 */
export class ExchangeAuth {
  readonly #key: Buffer;
  readonly #self: Pick<Directory, "replicaId" | "token">;
  readonly #start = randomBytes(16).toString("base64url");
  readonly #seen = new NonceWindows();
  #count = 0;

  constructor(key: Buffer, self: Pick<Directory, "replicaId" | "token">) {
    this.#key = key;
    this.#self = self;
  }

  headersFor(target: Pick<Peer, "id" | "token">, signed: Signed): Readonly<Record<string, string>> {
    this.#count += 1;
    const from = this.#self.replicaId;
    const nonce = `${this.#start}.${this.#count}`;
    const mac = this.#mac({ ...signed, target, from, nonce }).toString("base64url");
    return { "x-replica": from, "x-protocol": String(PROTOCOL), "x-nonce": nonce, "x-mac": mac };
  }

  /** The replica that sent this; undefined if none did, or it was seen before. */
  senderOf(headers: IncomingHttpHeaders, signed: Signed): string | undefined {
    const [from, nonce, mac] = ["x-replica", "x-nonce", "x-mac"].map((name) => headers[name]);
    if (typeof from !== "string" || typeof nonce !== "string" || typeof mac !== "string") return undefined;
    const { replicaId: id, token } = this.#self;
    const expected = this.#mac({ ...signed, target: { id, token }, from, nonce });
    const given = Buffer.from(mac, "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const [start = "", count] = nonce.split(".");
    return this.#seen.accept(start, Number(count)) ? from : undefined;
  }

  #mac({ target, from, nonce, path, firstLine }: Signed & Signing): Buffer {
    const text = JSON.stringify([PROTOCOL, target.id, target.token, from, nonce, path, firstLine]);
    return createHmac("sha256", this.#key).update(text).digest();
  }
}

interface Signing {
  readonly target: Pick<Peer, "id" | "token">;
  readonly from: string;
  readonly nonce: string;
}
