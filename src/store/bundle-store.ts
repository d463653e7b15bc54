import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../config/make-folder.ts";

export interface BundleLimits {
  readonly count: number;
  readonly bytes: number;
  readonly ageMs: number;
}

/** The files of one bundle, by name. */
export type BundleFiles = Readonly<Record<string, string | Buffer>>;

interface Kept {
  readonly at: number;
  readonly bytes: number;
}

const FOLDER = "bundles";
const FOLDER_OWNER_ONLY = 0o700;
const OWNER_ONLY = 0o600;
/** Names are safe as file names: they come back in addresses. */
const NAME = /^[\w-]{1,80}$/;
const DRAFT = ".draft";
/** A disk that is slower than failures come loses some of them. */
const MAX_WAITING = 4;
const TIDY_EVERY_MS = 3_600_000;

/**
 * Bundles of files in a folder of STATE_DIR, for their owner only. The oldest are deleted when there are too many, too many
 * bytes, or they are too old.
 */
export class BundleStore implements Disposable {
  readonly #folder: string;
  readonly #limits: BundleLimits;
  /** Oldest first. */
  readonly #kept = new Map<string, Kept>();
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;
  readonly #tidying: NodeJS.Timeout;

  private constructor(folder: string, limits: BundleLimits) {
    this.#folder = folder;
    this.#limits = limits;
    this.#tidying = setInterval(() => void this.#next(() => this.#tidy()).catch(() => {}), TIDY_EVERY_MS).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#tidying);
  }

  /** Finds the bundles that are there, and deletes those beyond the limits. @throws the system's error */
  static async open(stateDir: string, limits: BundleLimits): Promise<BundleStore> {
    const store = new BundleStore(join(stateDir, FOLDER), limits);
    await store.#find();
    await store.#tidy();
    return store;
  }

  /** Stores a bundle, in place of one with its name. False when the disk is too slow for it. @throws the system's error */
  async save(name: string, files: BundleFiles, at = Date.now()): Promise<boolean> {
    if (!NAME.test(name)) throw new TypeError("a bundle's name has letters, digits, - and _");
    if (this.#waiting >= MAX_WAITING) return false;
    this.#waiting += 1;
    await this.#next(() => this.#write(name, files, at)).finally(() => (this.#waiting -= 1));
    return true;
  }

  /** One file of a bundle; undefined when there is none. @throws the system's error */
  async read(name: string, file: string): Promise<Buffer | undefined> {
    const kept = this.#kept.get(name);
    if (!kept || this.#isOld(kept)) return undefined;
    return readFile(join(this.#folder, name, file)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return undefined;
      throw cause;
    });
  }

  /** One change after the other. */
  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  async #find(): Promise<void> {
    await makeFolder(this.#folder, FOLDER_OWNER_ONLY);
    const names = await readdir(this.#folder);
    const found = await Promise.all(names.map(async (name) => ({ name, kept: await this.#measure(name) })));
    for (const { name, kept } of found.toSorted((one, other) => (one.kept?.at ?? 0) - (other.kept?.at ?? 0))) {
      if (kept && NAME.test(name)) this.#kept.set(name, kept);
      // A killed write left it.
      else if (name.endsWith(DRAFT)) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  async #measure(name: string): Promise<Kept | undefined> {
    const path = join(this.#folder, name);
    const about = await stat(path).catch(() => undefined);
    if (!about?.isDirectory()) return undefined;
    const sizes = await Promise.all((await readdir(path)).map(async (file) => (await stat(join(path, file))).size));
    return { at: about.mtimeMs, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  }

  async #write(name: string, files: BundleFiles, at: number): Promise<void> {
    const [path, draft] = [join(this.#folder, name), join(this.#folder, name + DRAFT)];
    await rm(draft, { recursive: true, force: true });
    await makeFolder(this.#folder, FOLDER_OWNER_ONLY);
    await mkdir(draft, { mode: FOLDER_OWNER_ONLY });
    let bytes = 0;
    for (const [file, content] of Object.entries(files)) {
      bytes += Buffer.byteLength(content);
      await writeFile(join(draft, file), content, { mode: OWNER_ONLY });
    }
    await rm(path, { recursive: true, force: true });
    await rename(draft, path);
    this.#kept.delete(name);
    this.#kept.set(name, { at, bytes });
    await this.#tidy();
  }

  async #tidy(): Promise<void> {
    const { count, bytes } = this.#limits;
    let sum = [...this.#kept.values()].reduce((total, kept) => total + kept.bytes, 0);
    for (const [name, kept] of this.#kept) {
      if (this.#kept.size <= count && sum <= bytes && !this.#isOld(kept)) continue;
      this.#kept.delete(name);
      sum -= kept.bytes;
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  #isOld({ at }: Kept): boolean {
    return Date.now() - at > this.#limits.ageMs;
  }
}
