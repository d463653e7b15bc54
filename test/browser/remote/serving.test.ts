import { describe, expect, test, vi } from "vitest";
import { FaultProxy } from "../../faults/proxy.ts";
import { testCertificate } from "../../support/certificate.ts";
import { question, STALLED } from "../../support/occupy.ts";
import { openWorld, type World } from "../../support/world.ts";
import { KINDS, startServer, TOKEN, type Kind, type RemoteServer } from "./remote-servers.ts";

// Three servers of browsers beside each other take their time on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

interface Remote extends AsyncDisposable {
  readonly world: World;
  readonly server: RemoteServer;
  /** Between the gateway and the server. */
  readonly network: FaultProxy;
}

/** A gateway whose browsers come from this kind of server, over a network that can break. */
async function openRemote(kind: Kind, settings: Readonly<Record<string, string>> = {}): Promise<Remote> {
  await using opened = new AsyncDisposableStack();
  const certificate = await testCertificate();
  const trust = `--ignore-certificate-errors-spki-list=${certificate.spkiHash}`;
  const server = opened.use(await startServer(kind, [trust]));
  const network = opened.use(await FaultProxy.start(server.port));
  const world = opened.use(
    await openWorld({
      simulator: { certificate },
      settings: { BROWSER_ENDPOINT: server.endpoint(network.port), BROWSER_ARGS: "", ...settings },
    }),
  );
  const stack = opened.move();
  return { world, server, network, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function loggedWith({ logged }: World, message: string): Record<string, unknown>[] {
  return logged.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message);
}

describe.each(KINDS)("browsers of %s", (kind) => {
  test("serve every account; the log says where they are and no secret", async () => {
    await using remote = await openRemote(kind);
    const { world, network } = remote;
    const answers = await Promise.all(["one", "two", "three"].map((prompt) => world.ask(prompt)));
    expect(answers.every((text) => text !== "")).toBe(true);
    expect(new Set(world.simulator.posts.map(({ account }) => account))).toEqual(new Set(["alice", "bob"]));
    const scheme = kind === "devtools" ? "http" : "ws";
    const protocol = kind === "devtools" ? "cdp" : "playwright";
    expect(loggedWith(world, "chromium started")[0]).toMatchObject({
      endpoint: `${scheme}://127.0.0.1:${network.port}`,
      protocol,
      sandbox: kind === "browser-server" ? "on" : "off",
    });
    expect(world.logged.join("")).not.toContain(TOKEN);
  });

  test("that are killed in the middle of an answer cost that answer, and what waits is served when the server is back", async () => {
    await using remote = await openRemote(kind);
    const { world, server } = remote;
    const cut = await world.post("/v1/chat/completions", { ...question(STALLED), stream: true });
    const text = cut.text();
    server.signal("SIGKILL");
    expect(await text).toContain("session_lost");
    const waiting = world.ask("still there?");
    await expect.poll(() => loggedWith(world, "chromium did not start").length).toBeGreaterThan(0);
    expect(world.simulator.posts).toHaveLength(1);
    await server.startAgain();
    expect(await waiting).not.toBe("");
  });

  test("that are out of reach without a word are found out, and nothing waits for them for ever", async () => {
    await using remote = await openRemote(kind);
    const { world, network } = remote;
    network.stall();
    await expect.poll(() => loggedWith(world, "chromium is frozen; it is killed").length).toBeGreaterThan(0);
    await network.recover();
    await expect.poll(() => world.ask("still there?").catch(() => "")).not.toBe("");
  });

  test("whose connection breaks open new ones, and the old ones are gone", async () => {
    await using remote = await openRemote(kind);
    const { world, network, server } = remote;
    network.reset();
    await expect.poll(() => loggedWith(world, "chromium is gone; it is started again when next needed").length).toBe(1);
    await expect.poll(() => world.ask("still there?").catch(() => "")).not.toBe("");
    await expect.poll(() => server.browsers()).toBe(1);
  });
});
