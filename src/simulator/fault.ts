/** How the simulated site misbehaves, or shapes its answer, for one request. Everything is optional. */
export interface Fault {
  /** Before the headers, and between headers and first byte; milliseconds. */
  readonly delayMs?: number;
  readonly firstByteDelayMs?: number;
  /** The answer: this text, or `chunks` times `chunkText`. */
  readonly text?: string;
  readonly chunks?: number;
  readonly chunkText?: string;
  readonly chunkDelayMs?: number;
  /** Every byte by itself, so that characters are split. */
  readonly bytewise?: boolean;
  /** Every chunk is a line with the time at which it is written; milliseconds since the epoch. */
  readonly stamps?: boolean;
  /** After this many chunks nothing comes any more, until the client leaves. */
  readonly stallAfterChunks?: number;
  /** After this many chunks the connection breaks. */
  readonly resetAfterChunks?: number;
  readonly resetBeforeHeaders?: boolean;
  readonly status?: number;
  /** With status 401: the site asks for a user name and a password. */
  readonly asksForPassword?: boolean;
  /** The header as it stands, for status 429 and 503. */
  readonly retryAfter?: string;
  /** A page with status 200. */
  readonly html?: boolean;
  /** A challenge in answer to this request. */
  readonly challenge?: boolean;
  readonly empty?: boolean;
  readonly whitespace?: boolean;
  /** An error inside a 200. */
  readonly jsonError?: boolean;
  readonly hugeBytes?: number;
  readonly redirectTo?: string;
  /** Answers as usual, and takes the session cookie away. */
  readonly signOut?: boolean;
}

/** Reads the directive in a prompt, a line `@sim {…}`; the last one counts, as earlier turns repeat theirs. */
export function faultIn(prompt: string): Fault {
  // Only a line feed ends the line: an answer asked for may hold the other separators that `.` and `$` stop at.
  const found = [...prompt.matchAll(/(?:^|\n)@sim (\{[^\n]*\})(?=\n|$)/g)].at(-1)?.[1];
  if (found === undefined) return {};
  try {
    return JSON.parse(found) as Fault;
  } catch {
    return { status: 400 };
  }
}
