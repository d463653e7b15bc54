import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { API_KEY } from "../support/api-key.ts";
import type { Asked, Told } from "./asked.ts";
import { chatBody } from "./clients.ts";
import type { Row } from "./row.ts";
import type { Scene } from "./scene.ts";
import { converse, headBytes, requestBytes } from "./wire.ts";

type Headers = Readonly<Record<string, string>>;
/** A body, and headers in place of the usual ones. */
type Input = string | Uint8Array | { readonly body?: string | Uint8Array; readonly headers: Headers };

const TRAP = "what only a smuggled request asks";
const CLOSE = "Connection: close";
const BOM = "\ufeff";

/** Each is a request of its own, and all of them must get the same; a sound one is answered afterwards. */
function inputs(...some: readonly Input[]) {
  return async (scene: Scene): Promise<Asked> => {
    scene.strike();
    const asked = some.map((input) => {
      const prompt = scene.prompt();
      const isBody = typeof input === "string" || input instanceof Uint8Array;
      const { body = chatBody(prompt), headers = {} } = isBody ? { body: input } : input;
      return scene.record({ prompt, send: (signal) => scene.post(body, { headers, signal }) });
    });
    return sameFor(asked);
  };
}

/** Like `inputs`, for what no HTTP client would send. */
function bytes(...some: readonly ((prompt: string) => string)[]) {
  return async (scene: Scene): Promise<Asked> => {
    scene.strike();
    const { url } = scene.world.gateway;
    const asked = some.map((make) => {
      const prompt = scene.prompt();
      return scene.record({
        prompt,
        send: async (signal) => {
          const [answer, ...more] = await converse(url, make(prompt), { signal });
          if (!answer || more.length > 0) throw new Error(`${more.length + 1} answers to one request`);
          return answer;
        },
      });
    });
    return sameFor(asked);
  };
}

function operatorPages(...paths: readonly string[]) {
  return async (scene: Scene): Promise<Asked> => {
    scene.strike();
    const { url } = scene.world.gateway;
    const headers = {
      authorization: `Bearer ${API_KEY}`,
      "x-original-url": "/livez",
      "x-http-method-override": "PUT",
    };
    const asked = paths.map((path) => {
      const send = (signal: AbortSignal): Promise<Told> => fetch(url + path, { headers, signal });
      return scene.record({ prompt: scene.prompt(), send });
    });
    return sameFor(asked);
  };
}

async function sameFor(asked: readonly Asked[]): Promise<Asked> {
  await Promise.all(asked.map(({ over }) => over));
  const [first] = asked;
  if (!first) throw new Error("nothing was asked");
  expect(asked.map(({ got }) => got)).toEqual(asked.map(() => first.got));
  return first;
}

function bodyWith(fields: object): string {
  return JSON.stringify({ ...(JSON.parse(chatBody("what is never asked")) as object), ...fields });
}

/** What no well-meaning client sends. */
export const INPUT_ROWS: readonly Row[] = [
  {
    id: "F46",
    fault: "a body that is too large, packed or not",
    gets: "413 `request_too_large`",
    scene: { settings: { MAX_BODY_BYTES: "100000" } },
    run: inputs("x".repeat(200_000), {
      body: gzipSync(Buffer.alloc(50_000_000, " ")),
      headers: { "content-encoding": "gzip" },
    }),
  },
  {
    id: "F47",
    fault: "a body that is no JSON object: cut, empty, a list, not UTF-8",
    gets: "400 `invalid_json`",
    run: inputs('{"model":', "", "[]", "null", Uint8Array.of(0x22, 0xff, 0xfe, 0x22)),
  },
  {
    id: "F47a",
    fault: "a body of another type or in another charset",
    gets: "415 `unsupported_content_type`",
    run: inputs(
      { headers: { "content-type": "text/plain" } },
      { headers: { "content-type": "application/x-www-form-urlencoded" } },
      { headers: { "content-type": "application/json; charset=utf-16" } },
      { headers: { "content-encoding": "exotic" } },
    ),
  },
  {
    id: "F47b",
    fault: "a byte order mark and a key that is given twice",
    gets: "answer",
    run: async (scene) => {
      scene.strike();
      const prompt = scene.prompt();
      const body = BOM + chatBody(prompt).replace("{", '{"model":"another",');
      return scene.record({ prompt, send: (signal) => scene.post(body, { signal }) });
    },
  },
  {
    id: "F48",
    fault: "JSON that is 100,000 levels deep",
    gets: "400 `bad_request`",
    run: inputs("[".repeat(100_000), '{"a":'.repeat(100_000), `{"model":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
  },
  {
    id: "F49",
    fault: "keys that reach for the prototype of all objects",
    gets: "400 `bad_request`",
    run: async (scene) => {
      const asked = await inputs(
        '{"messages":[{"__proto__":{"polluted":1}}]}',
        '{"metadata":{"constructor":{"prototype":{"polluted":1}}}}',
      )(scene);
      expect(Reflect.get({}, "polluted")).toBeUndefined();
      return asked;
    },
  },
  {
    id: "F50",
    fault: "values beyond all measure",
    gets: "400 `invalid_value`",
    run: inputs(
      bodyWith({ n: 1e9 }),
      bodyWith({ n: -1 }),
      bodyWith({ temperature: 1e308 }),
      bodyWith({ max_tokens: -1 }),
      bodyWith({ stop: Array.from({ length: 50_000 }, () => "x") }),
    ),
  },
  {
    id: "F50a",
    fault: "100,000 messages, or as many values of any kind, in one request",
    gets: "413 `request_too_large`",
    run: inputs(
      bodyWith({ messages: Array.from({ length: 100_000 }, () => ({ role: "user", content: 1 })) }),
      bodyWith({ stop: Array.from({ length: 500_000 }, () => "x") }),
    ),
  },
  {
    id: "F51",
    fault: "a request that hides another one in its framing",
    gets: "400 `bad_request`",
    run: async (scene) => {
      const trap = requestBytes(TRAP, CLOSE);
      const asked = await bytes(
        () => headBytes("Content-Length: 5", "Transfer-Encoding: chunked") + `0\r\n\r\n${trap}`,
        () => headBytes("Transfer-Encoding: chunked, identity") + `0\r\n\r\n${trap}`,
        () => headBytes("Transfer-Encoding : chunked") + `0\r\n\r\n${trap}`,
        () => headBytes("Content-Length: 0", `Content-Length: ${trap.length}`) + trap,
        () => headBytes("Content-Length: +5") + trap,
        () => headBytes("Transfer-Encoding: chunked") + `5;\n\r\n${trap}`,
        (prompt) => requestBytes(prompt, CLOSE, "X-Folded: a\r\n b\rTransfer-Encoding: chunked"),
        (prompt) => requestBytes(prompt, CLOSE).replaceAll("\r\n", "\n"),
      )(scene);
      expect(scene.world.simulator.posts.map((post) => post.prompt)).not.toContain(TRAP);
      return asked;
    },
  },
  {
    id: "F52",
    fault: "headers of 20 kB, or 2,000 of them",
    gets: "431 `bad_request`",
    run: bytes(
      (prompt) => requestBytes(prompt, CLOSE, `X-Long: ${"x".repeat(20_000)}`),
      (prompt) => requestBytes(prompt, CLOSE, ...Array.from({ length: 2_000 }, (_, index) => `X-${index}: value`)),
    ),
  },
  {
    id: "F53",
    fault: "no key, or an odd one",
    gets: "401 `invalid_api_key`",
    run: async (scene) => {
      const odd = [
        "",
        "Bearer",
        "Bearer ",
        `Bearer "${API_KEY}"`,
        `Bearer ${API_KEY}x`,
        `Basic ${API_KEY}`,
        "Bearer '--",
      ];
      const asked = await inputs(
        ...odd.map((authorization) => ({ headers: { authorization } })),
        { headers: { authorization: `Bearer ${"k".repeat(15_000)}` } },
        { headers: { authorization: "", "api-key": "wrong", "x-api-key": "wrong too" } },
      )(scene);
      // Nothing of what was offered is repeated, to the client or in the log.
      for (const { raw } of scene.asked) expect(raw).not.toMatch(/sk-test|kkkk|wrong/);
      expect(scene.world.logged.join("")).not.toMatch(/kkkk|wrong too/);
      return asked;
    },
  },
  {
    id: "F53a",
    fault: "a key with a character that no header may hold",
    gets: "400 `bad_request`",
    run: bytes(
      (prompt) => requestBytes(prompt, CLOSE, "X-Api-Key: a\0b"),
      (prompt) => requestBytes(prompt, CLOSE, "X-Api-Key: a\rb"),
    ),
  },
  {
    id: "F54",
    fault: "the operator's pages by odd spellings of their path, with a caller's key",
    gets: "404 `unknown_url`",
    run: operatorPages(
      "//metrics",
      "/METRICS/",
      "/v1//v1/metrics",
      "/admin//api/credentials",
      "/Admin/API/Credentials",
      "/admin/./api/credentials/",
    ),
  },
  {
    id: "F54a",
    fault: "the operator's pages with a caller's key",
    gets: "401 `invalid_api_key`",
    run: operatorPages("/metrics", "/livez/%2e%2e/metrics", "/metrics?key=1", "/admin/api/accounts"),
  },
  {
    id: "F55",
    fault: "a prompt that looks like code and like markup, in one line of 1 MB",
    gets: "answer",
    run: async (scene) => {
      scene.strike();
      const code = `</script>\`\${process.exit()}\` "'\\ \u2028 \0 \u001b[31m 😀 ${"x".repeat(1_000_000)}`;
      const asked = scene.ask(`${code}\n@sim {"text":"understood"}`);
      await asked.over;
      expect(scene.world.simulator.posts.map((post) => post.prompt)).toContain(asked.prompt);
      return asked;
    },
  },
  {
    id: "F56",
    fault: "line breaks and escapes in the model's name",
    gets: "answer",
    run: async (scene) => {
      scene.strike();
      const prompt = scene.prompt();
      const model = 'x\r\n{"level":60,"msg":"forged"}\u001b[2J\0';
      const body = JSON.stringify({ ...(JSON.parse(chatBody(prompt)) as object), model });
      const asked = scene.record({ prompt, send: (signal) => scene.post(body, { signal }) });
      await asked.over;
      const lines = scene.world.logged.join("").trim().split("\n");
      expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).not.toContain("forged");
      return asked;
    },
  },
];
