import { stripVTControlCharacters } from "node:util";
import { secretsOfEndpoint, type BrowserEndpoint } from "../../credentials/browser-endpoint.ts";
import { GatewayError } from "../../errors.ts";

const MAX_QUOTED_LINES = 6;
const MAX_QUOTED_CHARACTERS = 600;

/** What the network, TLS, the server or Playwright says, and what it means. The first that fits counts. */
const MEANINGS: readonly (readonly [said: RegExp, meaning: string])[] = [
  [/ECONNREFUSED/, "nothing listens there: start the browser server, or correct the address"],
  [/ENOTFOUND|EAI_AGAIN/, "no machine has this name"],
  [/EHOSTUNREACH|ENETUNREACH|ENETDOWN/, "the network does not reach it"],
  [
    /EPROTO|wrong version number|packet length too long|ERR_SSL/i,
    "it does not speak TLS: write ws:// or http:// in place of wss:// or https://",
  ],
  [
    /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|self.signed certificate|unable to verify the first certificate|unable to get (?:local )?issuer/i,
    "its certificate comes from an authority that Node does not know: name that authority's file in NODE_EXTRA_CA_CERTS",
  ],
  [/CERT_|certificate/i, "its certificate is not valid for this address or this time"],
  [/version mismatch|\b428\b/i, "its Playwright is of another version: both sides need the same minor version"],
  [/\b(?:401|403|407)\b/, "it refuses the token or the password in the address"],
  [/\b(?:400|404|410)\b/, "it has no browser at this path: the path, or the token in it, may be wrong"],
  [/\b(?:429|503)\b/, "it has no room for another browser now"],
  [/Malformed endpoint|ERR_INVALID_URL|\b200\b/i, "what answers there is no server of browsers"],
  [/ETIMEDOUT|Timeout \d+\s?ms exceeded|TimeoutError/i, "it did not answer in time"],
  [/ECONNRESET|socket hang up|EPIPE|UND_ERR_SOCKET|closed/i, "the connection was cut"],
];

/** The failure of an endpoint, in a sentence that names it without its secrets; what was said is the cause. */
export function endpointFailure(endpoint: BrowserEndpoint, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const said = saidOf(cause, endpoint);
  // A part of its address is no status.
  const numbers = said.replaceAll(endpoint.url.host, "");
  const meaning = MEANINGS.find(([pattern]) => pattern.test(numbers))?.[1] ?? "the connection to it failed";
  return endpointProblem(endpoint, meaning, said);
}

/** `problem`: what is wrong with it, without a full stop. */
export function endpointProblem({ shown }: BrowserEndpoint, problem: string, said?: string): GatewayError {
  const details = said === undefined ? {} : { cause: new Error(said) };
  return new GatewayError("browser_unavailable", `BROWSER_ENDPOINT (${shown}): ${problem}.`, details);
}

/** Every message along the chain of causes, without the endpoint's secrets. */
function saidOf(cause: unknown, endpoint: BrowserEndpoint): string {
  const messages: string[] = [];
  for (let link = cause; link instanceof Error && messages.length < MAX_QUOTED_LINES; link = link.cause) {
    const { code = "" } = link as NodeJS.ErrnoException;
    const inner = link instanceof AggregateError ? link.errors.map(String).join("; ") : "";
    messages.push([link.message || inner, link.message.includes(code) ? "" : `(${code})`].join(" ").trim());
  }
  const text = stripVTControlCharacters(messages.length > 0 ? messages.join("\n") : String(cause));
  const lines = text.split("\n").map((line) => line.replace(/^[\s║╔╚═-]+|[\s║╗╝═]+$/g, ""));
  const quoted = [...new Set(lines)].filter(Boolean).slice(0, MAX_QUOTED_LINES).join("\n");
  return withoutSecrets(quoted, endpoint).slice(0, MAX_QUOTED_CHARACTERS);
}

function withoutSecrets(text: string, endpoint: BrowserEndpoint): string {
  const { pathname, search, href } = endpoint.url;
  const secrets = [href, ...(pathname.length > 1 ? [pathname] : []), search, ...secretsOfEndpoint(endpoint)];
  return secrets
    .filter(Boolean)
    .toSorted((one, other) => other.length - one.length)
    .reduce((rest, secret) => rest.replaceAll(secret, "/…"), text);
}
