import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { nextTick } from "node:process";
import type { Readable } from "node:stream";

/**
 * The limit for one message from Chromium. A page decides on the length of some messages: a line for the console, an error,
 * a frame of a WebSocket. Playwright reads a message of any length into memory and parses it in one go.
 */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Chromium writes here with `--remote-debugging-pipe`, and ends each message with a zero byte. */
const MESSAGES_FD = 4;
const END = 0;

let isWatching = false;

/** From now on, messages beyond the limit are dropped, from every Chromium that this process starts. */
export function limitMessages(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe("child_process", (message) => {
    const { process: child } = message as { process: ChildProcess };
    // At this time the process has no pipes yet. Nothing is read from them before the next tick.
    nextTick(() => {
      const pipe = child.stdio?.[MESSAGES_FD];
      if (pipe && child.spawnargs.includes("--remote-debugging-pipe")) dropLongMessages(pipe as Readable);
    });
  });
}

/** Passes whole messages on to the reader of the pipe. A message that is too long is dropped while it arrives. */
function dropLongMessages(pipe: Readable): void {
  const push = pipe.push.bind(pipe);
  let held: Buffer[] = [];
  let heldBytes = 0;
  const hold = (bytes: Buffer): void => {
    heldBytes += bytes.length;
    if (heldBytes > MAX_MESSAGE_BYTES) held = [];
    else held.push(bytes);
  };
  pipe.push = (chunk: Buffer | null): boolean => {
    if (chunk === null) return push(null);
    const firstEnd = chunk.indexOf(END);
    if (firstEnd === -1) {
      hold(chunk);
      return true;
    }
    const isTooLong = heldBytes + firstEnd > MAX_MESSAGE_BYTES;
    const lastEnd = chunk.lastIndexOf(END);
    const whole = isTooLong ? chunk.subarray(firstEnd + 1, lastEnd + 1) : chunk.subarray(0, lastEnd + 1);
    const pieces = isTooLong ? [whole] : [...held, whole];
    held = [];
    heldBytes = 0;
    if (lastEnd + 1 < chunk.length) hold(chunk.subarray(lastEnd + 1));
    let takesMore = true;
    for (const piece of pieces) if (piece.length > 0) takesMore = push(piece);
    return takesMore;
  };
}
