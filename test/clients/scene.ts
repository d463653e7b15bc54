import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { API_KEY } from "../support/api-key.ts";
import type { World } from "../support/world.ts";
import type { Client, Invocation, Place } from "./client.ts";
import type { Outside } from "./outside.ts";
import { endLeftovers, Running } from "./running.ts";

const RUN_LIMIT_MS = 120_000;

/** A client as its user has it: a home of its own, a project, its settings, and an empty environment. */
export class Scene implements AsyncDisposable {
  readonly place: Place;
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  #last: Running | undefined;

  private constructor(folder: string, place: Place, environment: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.place = place;
    this.#environment = environment;
  }

  static async open(client: Client, installed: string, world: World, outside: Outside): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), "gptomni-client-"));
    const place = {
      url: world.gateway.url,
      key: API_KEY,
      home: join(folder, "home"),
      project: join(folder, "project"),
    };
    const temporary = join(folder, "tmp");
    for (const path of [place.home, place.project, temporary]) await mkdir(path, { recursive: true });
    execFileSync("git", ["init", "--quiet", place.project]);
    const modules = join(installed, "node_modules");
    if (client.isLibrary) await symlink(modules, join(place.project, "node_modules"));
    const settings = client.settings(place);
    const scene = new Scene(folder, place, {
      PATH: [join(modules, ".bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter),
      HOME: place.home,
      TMPDIR: temporary,
      LANG: "C.UTF-8",
      ...outside.environment,
      ...client.quiet,
      ...settings.environment,
    });
    await scene.#write(settings.files ?? {});
    for (const command of settings.commands ?? []) await scene.run({ command });
    return scene;
  }

  /** The end of what was shown last, for an error. */
  get lastWords(): string {
    return this.#last?.lastWords ?? "";
  }

  /** Starts it; whoever calls waits for its end. */
  async start(invocation: Invocation): Promise<Running> {
    await this.#write(invocation.files ?? {});
    this.#last = new Running(invocation, { folder: this.place.project, environment: this.#environment });
    return this.#last;
  }

  /** Runs it until it ends, or until what it showed is as wanted, and gives what it showed. */
  async run(invocation: Invocation, isDone: (output: string) => boolean = () => false): Promise<string> {
    const running = await this.start(invocation);
    try {
      await running.untilShown(isDone, AbortSignal.timeout(RUN_LIMIT_MS));
      return running.output;
    } finally {
      running.kill();
      await running.ended;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    endLeftovers(this.place.home);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #write(files: Readonly<Record<string, string>>): Promise<void> {
    const { home, project } = this.place;
    for (const [name, text] of Object.entries(files)) {
      const path = name.startsWith("~/") ? join(home, name.slice(2)) : join(project, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }
}
