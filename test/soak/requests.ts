import type { Fault } from "../../src/simulator/fault.ts";
import { pick, type Dice } from "../faults/random.ts";

/** What one client asks for, and whether it stays for it. */
export interface Order {
  /** "plain" where neither site nor client does anything to it. */
  readonly kind: string;
  readonly wanted: Fault;
  readonly isStream: boolean;
  /** After so long the client leaves; milliseconds. */
  readonly leavesAfterMs: number | undefined;
}

const FAULTY_SHARE = 0.1;
const LEAVING_SHARE = 0.08;
const MOST_CHUNKS = 40;
const MOST_CHUNK_DELAY_MS = 20;
const LATEST_LEAVING_MS = 600;
const SHORT: Fault = { chunks: 10, chunkDelayMs: 5, chunkText: "word " };

const FAULTS: readonly (readonly [kind: string, Fault])[] = [
  ["500", { status: 500 }],
  ["429", { status: 429, retryAfter: "1" }],
  ["challenge", { challenge: true }],
  ["empty", { empty: true }],
  ["HTML", { html: true }],
  ["error in a 200", { jsonError: true }],
  ["reset before the head", { resetBeforeHeaders: true }],
  ["reset in mid-answer", { ...SHORT, resetAfterChunks: 3 }],
  ["stall in mid-answer", { ...SHORT, stallAfterChunks: 3 }],
  ["byte by byte", { text: "Zeichen: äöü 漢字 😀", bytewise: true, chunkDelayMs: 1 }],
];

export function order(dice: Dice): Order {
  const isStream = dice() < 0.7;
  const lot = dice();
  const plain = {
    chunks: 1 + Math.floor(dice() * MOST_CHUNKS),
    chunkDelayMs: Math.floor(dice() * MOST_CHUNK_DELAY_MS),
    chunkText: `${Math.floor(dice() * 1e9)} 漢字 `,
  };
  if (lot < FAULTY_SHARE) {
    const [kind, wanted] = pick(FAULTS, dice);
    return { kind, wanted, isStream, leavesAfterMs: undefined };
  }
  const leaves = lot < FAULTY_SHARE + LEAVING_SHARE;
  const leavesAfterMs = leaves ? dice() * LATEST_LEAVING_MS : undefined;
  return { kind: leaves ? "client leaves" : "plain", wanted: plain, isStream, leavesAfterMs };
}
