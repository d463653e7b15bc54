/** Where a client runs, and what it needs to reach the gateway. Paths are absolute. */
export interface Place {
  /** The gateway's, without a path. */
  readonly url: string;
  readonly key: string;
  readonly home: string;
  readonly project: string;
}

/** What a user writes down to use the gateway; docs/clients.md shows it word for word. */
export interface Settings {
  /** By path; `~/` is the home folder, `./` the project's. */
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Run once, as given. */
  readonly commands?: readonly (readonly string[])[];
}

/** Keys that a person presses once the terminal shows something. */
export interface Keystroke {
  readonly after: string;
  readonly keys: string;
  /** Pressed again until this is shown: a terminal may not take keys yet. */
  readonly until?: string;
}

export interface Invocation {
  readonly command: readonly string[];
  readonly stdin?: string;
  /** Written before the start; by path in the project. */
  readonly files?: Readonly<Record<string, string>>;
  /** Given, the client runs in a terminal. */
  readonly keystrokes?: readonly Keystroke[];
}

/** One application with one of the gateway's APIs: a row of the table. */
export interface Client {
  readonly name: string;
  /** How it is told apart from its other rows. */
  readonly variant: string;
  /** What is installed, with versions; the first one is the application. */
  readonly packages: readonly string[];
  settings(place: Place): Settings;
  /** Keeps it from calling home; nothing that the gateway needs. */
  readonly quiet?: Readonly<Record<string, string>>;
  /** Whether its code is imported, so that the project needs its node_modules. */
  readonly isLibrary?: boolean;
  ask(text: string, place: Place): Invocation;
  /** The command of the simulated model's script by which it reads this file. */
  readCall(path: string): string;
  /** Goes on with the last conversation, which began with `earlier`. */
  resume(text: string, place: Place, earlier: string): Promise<Invocation> | Invocation;
  /** It takes a tool's result for the answer and sends it no further. */
  readonly keepsResults?: boolean;
}

export function title({ name, variant }: Pick<Client, "name" | "variant">): string {
  return `${name}, ${variant}`;
}
