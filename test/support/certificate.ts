import { makeCertificate, type Certificate } from "../../src/simulator/certificate.ts";

let made: Promise<Certificate> | undefined;

/** One for all servers of this process: a browser is told at its start which one to trust, and serves several worlds. */
export function testCertificate(): Promise<Certificate> {
  return (made ??= makeCertificate());
}
