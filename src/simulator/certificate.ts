import { createHash, X509Certificate } from "node:crypto";
import { generate } from "selfsigned";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** Base64 of the public key's SHA-256: with it, Chromium is told to trust this key and no other. */
  readonly spkiHash: string;
}

const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** A fresh key and certificate for this machine's own names. */
export async function makeCertificate(): Promise<Certificate> {
  const altNames = [{ type: DNS_NAME, value: "localhost" } as const, { type: IP_ADDRESS, ip: "127.0.0.1" } as const];
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames }],
  });
  const spki = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  return { key, cert, spkiHash: createHash("sha256").update(spki).digest("base64") };
}
