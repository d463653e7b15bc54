import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLIENTS } from "./catalog.ts";
import { title, type Client } from "./client.ts";

export const CHECKS = ["answer", "tool", "resume", "abort"] as const;
type Check = (typeof CHECKS)[number];
type Outcomes = Map<Check, string>;

const PAGE = join(import.meta.dirname, "../../docs/clients.md");
const BLOCK = /(<!-- written by npm run test:clients -->\n)[\s\S]*?(<!-- end -->)/;
const HEAD = "| client | version | API | answer | tool | resume | abort |\n|---|---|---|:-:|:-:|:-:|:-:|";
const NOT_RUN = "not run";

/** What came of each row's checks. */
export class Table {
  readonly #outcomes = new Map<string, Outcomes>();
  readonly #missing = new Set<string>();
  readonly #notes = new Map<string, string[]>();

  passed(client: Client, check: Check): void {
    this.#set(client, check, "✓");
  }

  failed(client: Client, check: Check, reason: string): void {
    this.#set(client, check, "✗");
    this.note(client, `${check}: ${reason}`);
  }

  notInstalled(client: Client, reason: string): void {
    this.#missing.add(title(client));
    for (const check of CHECKS) this.#set(client, check, "not installed");
    this.note(client, reason);
  }

  note(client: Client, text: string): void {
    const notes = this.#notes.get(title(client)) ?? [];
    this.#notes.set(title(client), [...notes, text]);
  }

  /** The rows as Markdown; those that did not run as they stand in docs/clients.md. */
  toString(): string {
    return this.#rows((client) => this.#outcomes.get(title(client)));
  }

  /** Puts the table into docs/clients.md, where the row of what could not be installed stays as it was. */
  write(): void {
    const table = this.#rows((client) => {
      return this.#missing.has(title(client)) ? undefined : this.#outcomes.get(title(client));
    });
    const page = readFileSync(PAGE, "utf8");
    writeFileSync(
      PAGE,
      page.replace(BLOCK, (_all, open: string, close: string) => `${open}${table}\n${close}`),
    );
  }

  #rows(outcomesOf: (client: Client) => Outcomes | undefined): string {
    const before = new Map(rowsOf(readFileSync(PAGE, "utf8")).map((line) => [keyOf(cellsOf(line)), line]));
    return [HEAD, ...CLIENTS.map((client) => row(client, outcomesOf(client), before))].join("\n");
  }

  /** Reasons and remarks, for the terminal. */
  get notes(): readonly string[] {
    return [...this.#notes].flatMap(([name, notes]) => notes.map((note) => `${name}: ${note}`));
  }

  #set(client: Client, check: Check, outcome: string): void {
    const outcomes = this.#outcomes.get(title(client)) ?? new Map<Check, string>();
    this.#outcomes.set(title(client), outcomes.set(check, outcome));
  }
}

/** A check that did not run keeps its outcome. */
function row(client: Client, outcomes: Outcomes | undefined, before: ReadonlyMap<string, string>): string {
  const version = client.packages[0]?.replace(/^.*@/, "") ?? "";
  const head = [client.name, version, client.variant];
  const kept = cellsOf(before.get(keyOf(head)) ?? "").slice(head.length);
  return `| ${[...head, ...CHECKS.map((check, index) => outcomes?.get(check) ?? kept[index] ?? NOT_RUN)].join(" | ")} |`;
}

function rowsOf(page: string): readonly string[] {
  return (BLOCK.exec(page)?.[0] ?? "").split("\n").filter((line) => line.startsWith("| "));
}

function cellsOf(line: string): readonly string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** Name, version and API: a new version's row starts anew. */
function keyOf(cells: readonly string[]): string {
  return cells.slice(0, 3).join(" | ");
}
