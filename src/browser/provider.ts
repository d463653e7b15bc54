import type { Browser } from "playwright";

/** Where browsers come from. It may start them on this machine, or connect to browsers that run elsewhere. */
export interface BrowserProvider {
  /** Whether its browsers take the memory of this machine, and only a new process here can help if none starts. */
  readonly isLocal: boolean;
  /** How many pages its browsers may have open at a time, all together. */
  readonly capacity: number;
  /**
   * Gives one more browser. `signal` abandons the attempt.
   * @throws GatewayError `browser_unavailable` that says what to do.
   */
  open(signal: AbortSignal): Promise<BrowserHandle>;
}

/**
 * One running browser. Only its provider knows whether it is a process of this machine: the process id that a browser
 * reports may belong to another machine, so nothing else may read it, let alone send a signal to it.
 */
export interface BrowserHandle {
  readonly browser: Browser;
  /** What the log calls it by, for example its process id or its address. */
  readonly logFields: Readonly<Record<string, string | number>>;
  /** How the browser is confined; undefined where the provider cannot know. */
  readonly confinement: Confinement | undefined;
  /** What its processes hold of this machine's memory and share with nobody, in bytes; undefined where that is not known. */
  memoryBytes?(): Promise<number | undefined>;
  /** What the operator should know of it, a sentence each. */
  readonly notes?: readonly string[];
  /** Calls `onDead` once, when the browser is gone or no longer answers. Disposing ends the watch. */
  watch(onDead: (death: BrowserDeath) => void): Disposable;
  /** Ends it at once, or lets go of it, in whatever state it is. Never throws. */
  kill(): void;
  /** Ends it, or lets go of it, gracefully if it answers in time, and removes what it left behind. Never rejects. */
  close(): Promise<void>;
}

/** gone: the connection to it ended · frozen: it is connected and does not answer */
export type BrowserDeath = "gone" | "frozen";

/** How a browser is kept from harming the machine that it runs on. */
export interface Confinement {
  /** Whether Chromium's own sandbox is around each page. */
  readonly isSandboxed: boolean;
  /** The user that it runs as instead of the gateway's user, if that is root. A number, since the user has no name. */
  readonly userId: number | undefined;
  /** Why it is not confined better, if it could be. */
  readonly reason?: string;
}
