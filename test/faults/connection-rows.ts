import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "vitest";
import type { Asked, Told } from "./asked.ts";
import type { Row } from "./row.ts";
import type { Scene } from "./scene.ts";
import { converse, headBytes, requestBytes } from "./wire.ts";

const CLOSE = "Connection: close";

/** Several requests over one connection; each has the answer in its own place. */
function overOneConnection(scene: Scene, requests: readonly (readonly [prompt: string, bytes: string])[]): Asked[] {
  const told = converse(scene.world.gateway.url, requests.map(([, bytes]) => bytes).join(""));
  return requests.map(([prompt], index) =>
    scene.record({
      prompt,
      send: async () => {
        const answer = (await told)[index];
        if (!answer) throw new Error("no answer in this place");
        return answer;
      },
    }),
  );
}

/** What clients do with their connections, and how many of them come at once. */
export const CONNECTION_ROWS: readonly Row[] = [
  {
    id: "F43",
    fault: "300 at once where ten may wait; exactly ten do",
    gets: "429 `rate_limit_exceeded`",
    scene: { settings: { QUEUE_LIMIT: "10", QUEUE_TIMEOUT_SECONDS: "30" } },
    run: async (scene) => {
      const blocking = await scene.askEndless();
      scene.strike();
      const burst = Array.from({ length: 300 }, () => scene.ask("", false));
      const refused = (): Asked[] => burst.filter(({ ending }) => ending === "refused");
      await expect.poll(() => refused().length).toBe(290);
      // They were told while the others wait.
      expect(scene.world.gateway.pool.waiting).toBe(10);
      blocking.leave();
      await Promise.all(burst.map(({ over }) => over));
      expect(burst.filter(({ ending }) => ending === "answered")).toHaveLength(10);
      return refused()[0] as Asked;
    },
  },
  {
    id: "F43a",
    fault: "a thousand connections over which nothing is asked",
    gets: "answer",
    run: async (scene) => {
      const { hostname, port } = new URL(scene.world.gateway.url);
      scene.strike();
      const sockets = Array.from({ length: 1_000 }, () => connect(Number(port), hostname).on("error", () => {}));
      await Promise.all(sockets.map((socket) => once(socket, "connect")));
      const asked = scene.ask();
      await asked.over;
      for (const socket of sockets) socket.destroy();
      return asked;
    },
  },
  {
    id: "F44",
    fault: "a head, or a body, that comes a byte at a time",
    gets: "408 `bad_request`",
    run: async (scene) => {
      const { url } = scene.world.gateway;
      scene.strike();
      const asked = ["", headBytes()].map(({ length }) => {
        const prompt = scene.prompt("x".repeat(1_000));
        const send = async (signal: AbortSignal): Promise<Told> => {
          const [answer] = await converse(url, requestBytes(prompt, CLOSE), { signal, slowFrom: length + 30 });
          if (!answer) throw new Error("closed without a word");
          return answer;
        };
        return scene.record({ prompt, send });
      });
      await Promise.all(asked.map(({ over }) => over));
      expect(asked.map(({ got }) => got)).toEqual(["408 `bad_request`", "408 `bad_request`"]);
      return asked[0] as Asked;
    },
  },
  {
    id: "F45",
    fault: "three requests at once over one connection, the first of them wrong",
    gets: "answer",
    run: async (scene) => {
      scene.strike();
      const [wrong, second, last] = [scene.prompt(), scene.prompt(), scene.prompt()];
      const asked = overOneConnection(scene, [
        [wrong, `${headBytes("Content-Length: 2")}{}`],
        [second, requestBytes(second)],
        [last, requestBytes(last, CLOSE)],
      ]);
      await Promise.all(asked.map(({ over }) => over));
      expect(asked.map(({ got }) => got)).toEqual(["400 `missing_required_parameter`", "answer", "answer"]);
      return asked[2] as Asked;
    },
  },
  {
    id: "F45a",
    fault: "a client asks first whether it may send its body",
    gets: "answer",
    run: async (scene) => {
      scene.strike();
      const prompt = scene.prompt();
      const [asked] = overOneConnection(scene, [[prompt, requestBytes(prompt, "Expect: 100-continue", CLOSE)]]);
      return asked as Asked;
    },
  },
];
