import { randomBytes } from "node:crypto";
import { digestOf } from "../http/api-keys.ts";

const SECRET_BYTES = 32;
const SECRET_START = "sk-gw-";
const SHOWN_CHARACTERS = SECRET_START.length + 4;

/** `sk-gw-` and 256 random bits, and what is kept of it. */
export function newSecret(onSecret: (secret: string) => void) {
  const secret = SECRET_START + randomBytes(SECRET_BYTES).toString("base64url");
  onSecret(secret);
  return {
    secret,
    shown: { hash: digestOf(secret).toString("hex"), prefix: `${secret.slice(0, SHOWN_CHARACTERS)}…` },
  };
}
