import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { RemoteBrowsers } from "../../../src/browser/remote/remote.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { GatewayError } from "../../../src/errors.ts";
import { readBrowserEndpoint, secretsOfEndpoint } from "../../../src/credentials/browser-endpoint.ts";
import { freePort } from "../../support/free-port.ts";
import { testCertificate } from "../../support/certificate.ts";
import { remoteOptions } from "../remote-browsers.ts";

const CANARY = "canary-of-a-token-0123456789";

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that answers every request, upgrades too, with this status and text. */
function answering(status: number, text: string): Promise<number> {
  const answer: RequestListener = (_request, response) => response.writeHead(status).end(text);
  return listening(createHttp({ shouldUpgradeCallback: () => false }, answer));
}

/** Why no browser comes from there. */
async function failureAt(address: string, signal = new AbortController().signal): Promise<Error> {
  const opened: unknown = await new RemoteBrowsers(remoteOptions(address))
    .open(signal)
    .catch((cause: unknown) => cause);
  if (!(opened instanceof GatewayError) || opened.code !== "browser_unavailable")
    throw new Error(`not typed: ${String(opened)}`);
  if (`${opened.message} ${String(opened.cause)}`.includes(CANARY)) throw new Error("the token is told");
  return opened;
}

test.each(["ws", "http"])("an endpoint where nothing listens is told as that (%s)", async (scheme) => {
  const port = await freePort();
  const { message } = await failureAt(`${scheme}://127.0.0.1:${port}/${CANARY}`);
  expect(message).toBe(
    `BROWSER_ENDPOINT (${scheme}://127.0.0.1:${port}): nothing listens there: start the browser server, or correct the address.`,
  );
});

test.each([
  [401, "no", "it refuses the token or the password in the address"],
  [403, "no", "it refuses the token or the password in the address"],
  [404, "no", "it has no browser at this path: the path, or the token in it, may be wrong"],
  [428, "Playwright version mismatch: server 1.60, client 1.65", "its Playwright is of another version"],
  [503, "busy", "it has no room for another browser now"],
  [200, "Hello", "what answers there is no server of browsers"],
])("a status %i in place of a browser is told with its meaning", async (status, text, meaning) => {
  const port = await answering(status, text);
  for (const address of [
    `ws://127.0.0.1:${port}/${CANARY}`,
    `cdp+ws://127.0.0.1:${port}/?token=${CANARY}`,
    `http://user:${CANARY}@127.0.0.1:${port}/`,
  ]) {
    const { message, cause } = await failureAt(address);
    expect(message).toContain(meaning);
    expect([text, "Malformed endpoint: it tells no DevTools socket"].some((said) => String(cause).includes(said))).toBe(
      true,
    );
  }
});

test("an endpoint that does not speak TLS, or shows an unknown certificate, is told as that", async () => {
  const plain = await answering(200, "");
  expect((await failureAt(`wss://127.0.0.1:${plain}/`)).message).toContain("it does not speak TLS: write ws://");
  const { key, cert } = await testCertificate();
  const secure = await listening(createHttps({ key, cert }, (_request, response) => response.end()));
  for (const scheme of ["https", "wss", "playwright+wss", "cdp+wss"]) {
    const { message } = await failureAt(`${scheme}://127.0.0.1:${secure}/${CANARY}`);
    expect(message).toContain("its certificate comes from an authority that Node does not know");
  }
});

test.each(["ws", "playwright+ws", "cdp+ws", "http"])(
  "an endpoint that takes the connection and says nothing is left when the gateway stops (%s)",
  async (scheme) => {
    const connected = Promise.withResolvers<void>();
    const silent = createServer((socket) => {
      socket.on("error", () => {});
      connected.resolve();
    });
    const port = await listening(silent);
    const stopping = new AbortController();
    const failed = failureAt(`${scheme}://127.0.0.1:${port}/${CANARY}`, stopping.signal);
    await connected.promise;
    stopping.abort();
    expect((await failed).message).toContain("BROWSER_ENDPOINT");
  },
);

function protocolOf(address: string): unknown {
  const endpoint = readBrowserEndpoint(address);
  return typeof endpoint === "string" ? "wrong" : endpoint.protocol;
}

function warningsWith(address: string): readonly string[] {
  return loadConfig({ BROWSER_ENDPOINT: address }).warnings;
}

test("an address tells its protocol, its secrets stay out of sight, and a wrong one is refused", () => {
  const told = {
    "ws://host:3000/path": undefined,
    "wss://host/devtools/browser/1": "cdp",
    "https://host": "cdp",
    "playwright+wss://host/": "playwright",
    "cdp+ws://host:3000?token=1": "cdp",
    "playwright+https://host": "wrong",
    "host:3000": "wrong",
    "ftp://host": "wrong",
    'ws://host?launch-options={"args":[]}': undefined,
    "ws://host?launch-options=no": "wrong",
  };
  for (const [address, protocol] of Object.entries(told))
    expect([address, protocolOf(address)]).toEqual([address, protocol]);
  const endpoint = readBrowserEndpoint(`wss://user:p%40ss-canary@host/${CANARY}?token=another-${CANARY}`);
  if (typeof endpoint === "string") throw new Error(endpoint);
  expect(endpoint.shown).toBe("wss://host");
  expect(endpoint.url.href).not.toContain("p%40ss");
  expect(secretsOfEndpoint(endpoint)).toEqual(
    expect.arrayContaining([
      CANARY,
      `another-${CANARY}`,
      "p@ss-canary",
      Buffer.from("user:p@ss-canary").toString("base64"),
    ]),
  );
  expect(() => loadConfig({ BROWSER_ENDPOINT: `ftp://${CANARY}` })).toThrow(
    /BROWSER_ENDPOINT: expected an address such as (?!.*canary)/,
  );
});

test("a gateway warns of an endpoint on another machine that is not encrypted", () => {
  const warning = "BROWSER_ENDPOINT is not encrypted: cookies and prompts are sent unencrypted to it";
  expect(warningsWith("ws://browsers.example:8088/x")).toContain(warning);
  for (const address of ["wss://browsers.example/x", "ws://localhost:8088/x", "http://[::1]:9222"]) {
    expect(warningsWith(address)).not.toContain(warning);
  }
});
