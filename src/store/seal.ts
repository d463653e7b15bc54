import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { StoreError } from "./store-error.ts";

const VERSION = "v1.";
const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
/** 96 random bits for each value: NIST SP 800-38D allows 2^32 of them under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals texts with AES-256-GCM. A sealed text is `v1.` and the base64url of nonce, tag and ciphertext. Its context is
 * authenticated, so it opens in no other context.
 */
export class Seal {
  readonly #sealingKey: Buffer;
  readonly #digestKey: Buffer;

  constructor(key: Buffer) {
    this.#sealingKey = derive(key, "gptomni-gateway seal v1");
    this.#digestKey = derive(key, "gptomni-gateway digest v1");
  }

  seal(plain: string, context: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#sealingKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(context));
    const ciphertext = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
    return VERSION + Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString("base64url");
  }

  /** @throws StoreError `seal_broken` when the key or the context differs, or the text was altered. */
  open(sealed: string, context: string): string {
    try {
      if (!sealed.startsWith(VERSION)) throw new Error("Unknown version.");
      const bytes = Buffer.from(sealed.slice(VERSION.length), "base64url");
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, this.#sealingKey, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const plain = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
      return Buffer.concat(plain).toString("utf8");
    } catch (cause) {
      const message = `What is stored as ${context} does not open: SECRET_KEY is not the one it was sealed with, or it was altered.`;
      throw new StoreError("seal_broken", message, { cause });
    }
  }

  /** The same for the same text in the same context. Without the key nobody can check a guess of the text. */
  digest(text: string, context: string): string {
    return createHmac("sha256", this.#digestKey)
      .update(JSON.stringify([context, text]))
      .digest("base64url");
  }
}

function derive(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", purpose, KEY_BYTES));
}
