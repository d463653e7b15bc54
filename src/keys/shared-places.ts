import { randomUUID } from "node:crypto";
import type { SharedKeyUse } from "../store/shared-key-use.ts";
import { GatheredWork } from "./gathered-work.ts";

/** The requests that run at this gateway. */
interface Requests {
  /** How many of a key. */
  of(keyId: string): number;
  /** Counts one more. The result ends it. */
  start(keyId: string): () => void;
}

interface Waiting {
  /** How many requests of the key may run; undefined for one that only tells how many do. */
  readonly parallel: number | undefined;
  readonly answered: PromiseWithResolvers<(() => void) | "full">;
}

/**
 * Lets requests of a key run at the same time, up to a limit that holds for all gateways. The database knows how many run here. A
 * request that is not let in yet is not among them, so it takes no place from another one.
 */
export class SharedPlaces {
  readonly #store: Pick<SharedKeyUse, "run" | "runningElsewhere">;
  readonly #requests: Requests;
  readonly #asking = new GatheredWork<Waiting>((keyId, all) => this.#ask(keyId, all));
  /** This gateway. */
  readonly #holder = randomUUID();
  #number = 0;

  constructor(store: Pick<SharedKeyUse, "run" | "runningElsewhere">, requests: Requests) {
    this.#store = store;
    this.#requests = requests;
  }

  /** Lets a request in: the result ends it. `full` where as many run already. @throws StoreError */
  enter(keyId: string, parallel: number): Promise<(() => void) | "full"> {
    return this.#add(keyId, parallel);
  }

  /** Tells the database how many run here. @throws StoreError */
  async tell(keyId: string): Promise<void> {
    await this.#add(keyId, undefined);
  }

  /** How many run at other gateways. @throws StoreError */
  elsewhere(keyId: string): Promise<number> {
    return this.#store.runningElsewhere(keyId, this.#holder);
  }

  #add(keyId: string, parallel: number | undefined): Promise<(() => void) | "full"> {
    const answered = Promise.withResolvers<(() => void) | "full">();
    this.#asking.add(keyId, { parallel, answered });
    return answered.promise;
  }

  /** Never rejects. */
  async #ask(keyId: string, all: readonly Waiting[]): Promise<void> {
    const asking = all.filter(({ parallel }) => parallel !== undefined);
    const telling = all.filter(({ parallel }) => parallel === undefined);
    this.#number += 1;
    // The newest request knows the key's limit as it is now.
    const limit = asking.at(-1)?.parallel ?? 0;
    const here = { keyId, holder: this.#holder, running: this.#requests.of(keyId), number: this.#number };
    try {
      const places = await this.#store.run(here, { asked: asking.length, limit });
      for (const { answered } of asking.slice(0, places)) answered.resolve(this.#requests.start(keyId));
      for (const { answered } of [...asking.slice(places), ...telling]) answered.resolve("full");
    } catch (cause) {
      for (const { answered } of all) answered.reject(cause);
    }
  }
}
