import { expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

const ENDLESS = '@sim {"chunks":100000,"chunkDelayMs":20,"chunkText":"tick "}';

/** An endless answer that is read in the background: how far it is, and what it ends with. */
class Listener {
  pieces = 0;
  readonly ended: Promise<unknown>;
  readonly #controller = new AbortController();

  constructor(world: World) {
    this.ended = this.#listen(world).catch((cause: unknown) => cause);
  }

  leave(): void {
    this.#controller.abort();
  }

  async #listen(world: World): Promise<void> {
    const stream = await world.client.chat.completions.create(
      { model: "gptomni", messages: [{ role: "user", content: ENDLESS }], stream: true },
      { signal: this.#controller.signal },
    );
    for await (const chunk of stream) this.pieces += chunk.choices[0]?.delta.content ? 1 : 0;
  }
}

test("a browser that freezes is noticed within two seconds, killed, and its accounts serve again", async () => {
  await using world = await openWorld({ settings: { CREDENTIALS_PER_BROWSER: "1" } });
  const victim = new Listener(world);
  await expect.poll(() => victim.pieces).toBeGreaterThan(0);
  const bystander = new Listener(world);
  await expect.poll(() => bystander.pieces).toBeGreaterThan(0);
  const host = world.gateway.browsers.hosts[world.simulator.posts[0]?.account === "alice" ? 0 : 1];
  const frozenAt = performance.now();
  process.kill((await host?.pid()) ?? 0, "SIGSTOP");
  expect(await victim.ended).toMatchObject({ code: "session_lost" });
  expect(performance.now() - frozenAt).toBeLessThan(2_500);
  const piecesThen = bystander.pieces;
  await expect(world.ask("is it back?")).resolves.toBe("You said: is it back?");
  await expect.poll(() => bystander.pieces).toBeGreaterThan(piecesThen);
  bystander.leave();
  await bystander.ended;
  await world.untilReady();
});
