// oxlint-disable-next-line import/no-unassigned-import -- it must run before other modules are loaded
import "./process/driver-debug.ts";
import { parseArgs } from "node:util";
import { ConfigError } from "./config/config.ts";
import { MachineError, systemFailure } from "./process/machine-error.ts";
import { version } from "./process/version.ts";
import { StoreError } from "./store/store-error.ts";

/** How long unread log output may delay the end of the process. */
const LOG_GRACE_MS = 1_000;

interface Command {
  /** How a user starts it. */
  readonly start: string;
  readonly summary: string;
  /** How many arguments it takes at most; none unless told. */
  readonly maxArguments?: number;
  /** It takes one of these as its argument. */
  readonly choices?: readonly string[];
  /** Loads what the command needs, and runs it. */
  readonly run: (argument?: string) => Promise<void>;
}

const STORES = ["postgres", "sqlite"] as const;

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    start: "npm start",
    summary: "serve the API with your accounts (the default)",
    run: async () => (await import("./commands/serve.ts")).serve(),
  },
  demo: {
    start: "npm run demo",
    summary: "serve the API with a simulated chat site, without accounts",
    run: async () => (await import("./commands/demo.ts")).demo(),
  },
  doctor: {
    start: "npm run doctor",
    summary: "test what serving needs, and each account",
    run: async () => (await import("./commands/doctor.ts")).doctor(),
  },
  login: {
    start: "npm run login -- [ID]",
    summary: "add an account by signing in, in a window",
    maxArguments: 1,
    run: async (account) => (await import("./commands/login.ts")).login(account),
  },
  "rotate-secret": {
    start: "npm run rotate-secret",
    summary: "seal the stored state with a new SECRET_KEY",
    run: async () => (await import("./commands/rotate-secret.ts")).rotateSecret(),
  },
  "move-store": {
    start: "npm run move-store -- TO",
    summary: "copy the stored state to postgres (DATABASE_URL), or back to sqlite (STATE_DIR)",
    choices: STORES,
    run: async (to) => (await import("./commands/move-store.ts")).move(to as (typeof STORES)[number]),
  },
  "browser-server": {
    start: "npm run browser-server",
    summary: "give browsers to gateways on other machines",
    run: async () => (await import("./commands/browser-server.ts")).browserServer(),
  },
};

/** The command line is wrong: its message says what, and the usage follows. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

function usage(): string {
  const commands = Object.entries(COMMANDS).map(
    ([name, { start, summary }]) => `  ${name.padEnd(15)}${start.padEnd(26)}${summary}\n`,
  );
  return `Usage: node src/cli.ts [COMMAND]

Commands:
${commands.join("")}
Options:
  -h, --help     show this text
  -v, --version  show the version

Settings are environment variables, from the environment or from a file .env. README.md lists them.`;
}

/** What the command line asks for. @throws UsageError */
function requested(args: readonly string[]): () => void | Promise<void> {
  const { values, positionals } = parsed(args);
  const [name = "serve", ...further] = positionals;
  if (values.help || name === "help") return () => console.log(usage());
  if (values.version) return () => console.log(version());
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    throw new UsageError(`Unknown command "${name}". It is one of: ${Object.keys(COMMANDS).join(", ")}.`);
  }
  const { maxArguments = 0, choices, run } = command;
  if (choices && (further.length !== 1 || !choices.includes(further[0] ?? ""))) {
    throw new UsageError(`${name} takes ${choices.join(" or ")}, got "${further.join(" ")}".`);
  }
  if (!choices && further.length > maxArguments) {
    const most = maxArguments === 0 ? "no arguments" : "one argument";
    throw new UsageError(`${name} takes ${most}, got "${further.join(" ")}".`);
  }
  return () => run(further[0]);
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } },
    });
  } catch (cause) {
    // The rest of the message is advice about positional arguments, which no command takes.
    throw new UsageError((cause as Error).message.replace(/\. .*$/s, "."), { cause });
  }
}

async function main(): Promise<void> {
  try {
    await requested(process.argv.slice(2))();
  } catch (cause) {
    process.exitCode = cause instanceof UsageError ? 2 : 1;
    if (cause instanceof UsageError) console.error(`${cause.message}\n\n${usage()}`);
    else console.error(isPlain(cause) ? cause.message : (systemFailure(cause) ?? cause));
  }
  setTimeout(() => process.exit(), LOG_GRACE_MS).unref();
}

/** Wrong settings, faults of the machine and damaged state are for the user to mend: a stack would not help. */
function isPlain(cause: unknown): cause is Error {
  return cause instanceof ConfigError || cause instanceof MachineError || cause instanceof StoreError;
}

await main();
