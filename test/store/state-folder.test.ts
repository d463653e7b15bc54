import { mkdtempDisposable, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { ADMIN_KEY } from "../support/api-key.ts";
import { frailDisk, limitFiles, readOnlyMount } from "../support/store-disk.ts";
import { openWorld, type World } from "../support/world.ts";

vi.setConfig({ testTimeout: 90_000 });

const CAN_MOUNT = process.getuid?.() === 0;
const WELL = { ready: { status: "ready", reasons: [], warnings: [] }, live: 200, metric: "1" };

function openRotating(stateDir?: string): Promise<World> {
  return openWorld({
    accounts: ["alice"],
    checkStateEveryMs: 100,
    simulator: { rotateEveryReplies: 1, replacedTokensInForce: 0 },
    settings: stateDir === undefined ? {} : { STATE_DIR: stateDir },
  });
}

function linesOf(world: World, words: string): number {
  return world.logged.filter((line) => line.includes(words)).length;
}

async function told(world: World): Promise<object> {
  const { url } = world.gateway;
  const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  return {
    ready: (await (await fetch(`${url}/readyz`)).json()) as unknown,
    live: (await fetch(`${url}/livez`)).status,
    metric: /^gateway_state_stored (\d)$/m.exec(await metrics.text())?.[1],
  };
}

/** The gateway answers all the while, says once what is wrong and what to do, and stores what is new afterwards. */
async function survives(world: World, advice: string, mend: () => unknown): Promise<boolean> {
  for (let round = 0; round < 3; round += 1) expect(await world.ask(`round ${round}`)).toBe(`You said: round ${round}`);
  const notStored: unknown = expect.stringContaining(advice);
  // On a busy machine, what is recorded of the requests is due by now and cannot be stored, either.
  const notRecorded: unknown = expect.stringMatching(/^requests and events are not recorded: /);
  const warnings: unknown = expect.toBeOneOf([[notStored], [notStored, notRecorded]]);
  const unwell = { ready: { status: "ready", reasons: [], warnings }, live: 200, metric: "0" };
  await expect.poll(() => told(world)).toEqual(unwell);
  expect(linesOf(world, "the state was not stored")).toBe(1);
  await mend();
  await expect.poll(() => told(world)).toEqual(WELL);
  expect([linesOf(world, "the state was not stored"), linesOf(world, "the state is stored again")]).toEqual([1, 1]);
  await world.restart();
  await world.untilReady();
  // No token but the newest one holds at the site.
  expect(await world.ask("after a restart")).toBe("You said: after a restart");
  return true;
}

test.runIf(CAN_MOUNT)("a disk that refuses every write costs no request and no sign-in", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "gptomni-disk-"));
  await using state = await mkdtempDisposable(join(tmpdir(), "gptomni-state-"));
  using disk = frailDisk(state.path, join(folder.path, "image"));
  await using world = await openRotating(state.path);
  disk.forbid();
  expect(await survives(world, "(EPERM): this user has no right to", () => disk.allow())).toBe(true);
});

test.runIf(CAN_MOUNT)("a file system that becomes read-only is named, before anything is to be stored", async () => {
  await using world = await openRotating();
  const mount = readOnlyMount(world.stateDir);
  try {
    const advice = "(EROFS): its file system is read-only; mount it for writing, or choose another place.";
    expect(await survives(world, advice, () => mount[Symbol.dispose]())).toBe(true);
  } catch (cause) {
    mount[Symbol.dispose]();
    throw cause;
  }
});

test("files that may not grow any more cost no request and no sign-in", async () => {
  await using world = await openRotating();
  limitFiles("1");
  try {
    expect(await survives(world, `STATE_DIR=${world.stateDir}`, () => limitFiles("unlimited"))).toBe(true);
  } finally {
    limitFiles("unlimited");
  }
});

test("a STATE_DIR that is moved away is named, and taken up again when it is back", async () => {
  await using world = await openRotating();
  await rename(world.stateDir, `${world.stateDir}-away`);
  const advice = "gateway.sqlite was removed or replaced while the gateway runs. Put it back, or restart the gateway.";
  expect(await survives(world, advice, () => rename(`${world.stateDir}-away`, world.stateDir))).toBe(true);
});

test("a gateway that ends while nothing can be stored names the accounts whose sign-ins are lost with it", async () => {
  await using world = await openRotating();
  limitFiles("1");
  try {
    await world.ask("a new token");
    await world.gateway[Symbol.asyncDispose]();
  } finally {
    limitFiles("unlimited");
  }
  expect(world.logged.join("")).toMatch(/"accounts":\["alice"\][^\n]+their newest sign-ins are not stored/);
});
