import { claimKey } from "./key-claim.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import type { PostgresAddress } from "./postgres-pool.ts";
import { keyFrom } from "./secret-key.ts";
import { Seal } from "./seal.ts";

/** Secrets that the gateway makes when none is set, the same ones on every replica. */
export class SharedSecrets implements AsyncDisposable {
  readonly #database: PostgresDatabase;
  readonly #seal: Seal;

  private constructor(database: PostgresDatabase, dataKey: Buffer) {
    this.#database = database;
    this.#seal = new Seal(dataKey);
  }

  /** @throws StoreError as `openStore` does. */
  static async open(address: PostgresAddress, secretKey: string): Promise<SharedSecrets> {
    await using opened = new AsyncDisposableStack();
    const database = opened.use(await PostgresDatabase.open(address));
    const dataKey = await claimKey(database, keyFrom(secretKey, "SECRET_KEY"));
    opened.move();
    return new SharedSecrets(database, dataKey);
  }

  /** The secret of this name; `make` gives the first one. @throws StoreError */
  async obtain(name: string, make: () => string): Promise<{ readonly value: string; readonly isNew: boolean }> {
    const context = `kept secret:${name}`;
    const find = () =>
      this.#database.run((db) =>
        db.selectFrom("kept_secret").select("sealed").where("name", "=", name).executeTakeFirst(),
      );
    const known = await find();
    if (known) return { value: this.#seal.open(known.sealed, context), isNew: false };
    const made = make();
    const row = { name, sealed: this.#seal.seal(made, context) };
    await this.#database.run((db) =>
      db
        .insertInto("kept_secret")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
    // Another replica may have been faster.
    const value = this.#seal.open((await find())?.sealed ?? "", context);
    return { value, isNew: value === made };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}
