import type { Request, RequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import { stringEnd } from "../turn/json-string.ts";
import { BodyBudget } from "./body-budget.ts";
import { readBytes } from "./body-reader.ts";
import { requestContextOf } from "./request-context.ts";

/** Deeper nesting has no use, and could overflow the stack of a recursive walk. */
const MAX_DEPTH = 64;

/** Each value costs some hundred bytes and checks. A conversation of a thousand turns with tools has ten thousand. */
const MAX_VALUES = 100_000;
/** Of all requests under way. A parsed body takes three times as much. */
const MAX_HELD_BODY_BYTES = 256 * 1024 * 1024;
/** With several keys, the budget has room for this many of the largest bodies. */
const LARGEST_BODIES = 4;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

export interface BodyLimits {
  /** Of one request. */
  readonly maxBodyBytes: number;
  /** Of all requests under way. */
  readonly maxHeldBodyBytes?: number;
}

export interface ParsedBody {
  readonly value: unknown;
  /** As the caller wrote it. */
  readonly text: string;
}

/** Reads the body's bytes, decompressed, within the limits of one request and of all requests with its key. */
export function readBody(
  { maxBodyBytes, maxHeldBodyBytes = MAX_HELD_BODY_BYTES }: BodyLimits,
  keys: () => number,
): RequestHandler[] {
  const maxBytes = (): number => Math.max(maxHeldBodyBytes, maxBodyBytes * (keys() > 1 ? LARGEST_BODIES : 1));
  const budget = new BodyBudget({ maxBytes, keys });
  const read: RequestHandler = async (request, response, next) => {
    const hold = budget.hold(requestContextOf(response).keyId);
    const onGrowth = (bytes: number): void => {
      // The client may leave while the body is decompressed.
      if (!response.closed) hold.growTo(bytes);
    };
    response.once("close", () => hold.release());
    request.body = await readBytes(request, { maxBytes: maxBodyBytes, onGrowth });
    next();
  };
  return [requireJsonType, read];
}

/** Parses JSON from outside: valid UTF-8, not too deep, not too many values, and no key that could change a prototype. */
export function parseBody(request: Request): ParsedBody {
  const text = bodyText(request);
  refuseSize(text);
  const value = parse(text);
  refusePrototypeKeys(value);
  return { value, text };
}

/** @throws GatewayError `invalid_json` for a body that is empty or not UTF-8. */
function bodyText(request: Request): string {
  const bytes: unknown = request.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
    throw new GatewayError("invalid_json", "The request body is empty; it must be a JSON object.");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GatewayError("invalid_json", "The request body is not valid UTF-8.", { cause });
  }
}

/** A missing type passes, because some clients send none. Forms and plain text are refused: any web page can send them. */
const requireJsonType: RequestHandler = (request, _response, next) => {
  const type = request.headers["content-type"];
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type ?? "")?.[1];
  if (type !== undefined && !/^[^;]*\bjson\s*(?:;|$)/i.test(type)) {
    throw new GatewayError("unsupported_content_type", "Unsupported content type: send 'application/json'.");
  }
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw new GatewayError("unsupported_content_type", "Unsupported charset: send UTF-8.");
  }
  next();
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the body, which must not enter an answer or a log. So it is not kept as the cause.
    const message = "We could not parse the JSON body of your request. The API expects a JSON payload.";
    throw new GatewayError("invalid_json", message);
  }
}

/** Counts brackets and commas outside strings, before anything recursive reads the text. */
function refuseSize(text: string): void {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (code === COMMA) values += 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      values += 1;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    if (values > MAX_VALUES) {
      throw new GatewayError("request_too_large", `The JSON body has more than ${MAX_VALUES} values.`);
    }
    if (depth > MAX_DEPTH) {
      throw new GatewayError("bad_request", `The JSON body is nested deeper than ${MAX_DEPTH} levels.`);
    }
  }
}

/** Recursive: the depth was checked before. */
function refusePrototypeKeys(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const isPrototype = typeof inner === "object" && inner !== null && Object.hasOwn(inner, "prototype");
    if (key === "__proto__" || (key === "constructor" && isPrototype)) {
      throw new GatewayError("bad_request", "The JSON body has a key that is not allowed.");
    }
    refusePrototypeKeys(inner);
  }
}
