/** How the simulated site answers one request, well or badly. Everything is optional. */
export interface Fault {
  /** Pauses before the headers, and between the headers and the first byte; milliseconds. */
  readonly delayMs?: number;
  readonly firstByteDelayMs?: number;
  /** The answer: this text, or `chunks` times `chunkText`. */
  readonly text?: string;
  readonly chunks?: number;
  readonly chunkText?: string;
  readonly chunkDelayMs?: number;
  /** Sends each byte by itself, so that characters are split. */
  readonly bytewise?: boolean;
  /** Each chunk is a line with the time at which it is written; milliseconds since the epoch. */
  readonly stamps?: boolean;
  /** Stops after so many chunks, and waits until the client leaves. */
  readonly stallAfterChunks?: number;
  /** Breaks the connection after so many chunks. */
  readonly resetAfterChunks?: number;
  readonly resetBeforeHeaders?: boolean;
  readonly status?: number;
  /** With status 401: the site asks for a user name and a password. */
  readonly asksForPassword?: boolean;
  /** The Retry-After header, verbatim. */
  readonly retryAfter?: string;
  /** Answers with an HTML page and status 200. */
  readonly html?: boolean;
  /** Answers with a challenge. */
  readonly challenge?: boolean;
  readonly empty?: boolean;
  readonly whitespace?: boolean;
  /** Answers with an error in JSON and status 200. */
  readonly jsonError?: boolean;
  readonly hugeBytes?: number;
  readonly redirectTo?: string;
  /** Answers as usual, and signs the account out. */
  readonly signOut?: boolean;
}

/** Reads the directive in a prompt: a line `@sim {…}`. The last one counts, since a prompt repeats earlier turns. */
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
