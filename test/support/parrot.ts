import type { ReplyPart } from "../../src/chat.ts";
import { GatewayError } from "../../src/errors.ts";
import type { SiteFormat } from "../../src/simulator/site-format.ts";
import type { Site } from "../../src/sites/site.ts";

/** A second site: it takes and gives plain text. */
export function parrotAt(origin: URL): Site {
  const parrot: Site = {
    name: "parrot",
    origin,
    homePath: "/perch",
    loginPath: "/api/auth/signin",
    models: ["parrot-1"],
    isAuthCookie: (name) => name === "sid",
    isSignedIn: async (fetch, signal) =>
      (await fetch({ path: "/me", method: "GET", headers: {} }, signal)).status === 200,
    isChallenge: () => false,
    promptOf: ({ messages }) => messages.map(({ text }) => text).join("\n"),
    async *reply(fetch, request, signal): AsyncGenerator<ReplyPart, void, undefined> {
      const body = parrot.promptOf(request);
      const response = await fetch({ path: "/say", method: "POST", headers: {}, body }, signal);
      if (response.status !== 200) throw new GatewayError("site_failed", `The site failed with ${response.status}.`);
      for await (const text of response.body) yield { type: "text-delta", text };
      yield { type: "end", finishReason: "stop" };
    },
  };
  return parrot;
}

/** The same site for the simulator. */
export const PARROT_FORMAT: SiteFormat = {
  homePath: "/perch",
  promptPath: "/say",
  promptType: "text/plain;charset=UTF-8",
  sessionPath: "/me",
  sessionCookie: "sid",
  promptIn: (body) => body,
  sessionOf: (account) => ({ status: account === undefined ? 401 : 200, body: { account } }),
};
