/** What a failed call of the admin API says. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly param: string | undefined;

  constructor(status: number, { code, message, param }: ErrorFields) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }

  /** The gateway is older than this page, or the part is not built yet. */
  get isNotAvailable(): boolean {
    return this.code === "unknown_url";
  }
}

interface ErrorFields {
  readonly code: string;
  readonly message: string;
  readonly param?: string | undefined;
}

type Query = Readonly<Record<string, string | number | undefined>>;
type Method = "GET" | "POST" | "PATCH" | "DELETE";

interface CallOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Each call counts, also one like another that is under way. */
  readonly isRepeatable?: boolean;
}

/** Beyond this time a person should rather see that nothing answers. */
const CALL_LIMIT_MS = 60_000;

/** What a state-changing call proves that it comes from this page; known once signed in. */
let csrfToken: string | undefined;
let onSignedOut: () => void = () => {};
/** Changes that are under way. A double click asks for the same twice before the page is drawn anew. */
const underWay = new Map<string, Promise<unknown>>();

export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** Called when the gateway no longer knows the session. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** The address of a route of the admin API, for links and downloads too. */
export function adminUrl(path: string, query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  const search = new URLSearchParams(given).toString();
  return `/admin/api${path}${search === "" ? "" : `?${search}`}`;
}

/**
 * Calls the admin API with the session's cookie. A change that is like another one under way is that one.
 * @throws ApiError with the gateway's own message, or `not_reached` when there is no answer
 */
export function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  if (method === "GET" || options.isRepeatable) return send<T>(method, path, options);
  const change = JSON.stringify([method, path, options.query, options.body]);
  const sent = underWay.get(change) ?? send(method, path, options).finally(() => underWay.delete(change));
  underWay.set(change, sent);
  return sent as Promise<T>;
}

async function send<T>(method: Method, path: string, options: CallOptions): Promise<T> {
  const { query, body, signal } = options;
  const limit = AbortSignal.timeout(CALL_LIMIT_MS);
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrfToken !== undefined) headers["x-csrf-token"] = csrfToken;
  const response = await fetch(adminUrl(path, query), {
    method,
    headers,
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, { code: "not_reached", message: "The gateway does not answer." });
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as T;
  const error = errorOf(response, answer);
  const isSignIn = method === "POST" && path === "/session";
  if (response.status === 401 && !isSignIn) onSignedOut();
  throw error;
}

function errorOf(response: Response, answer: unknown): ApiError {
  const { error } = (answer ?? {}) as { error?: Partial<Record<"code" | "message" | "param", string | null>> };
  return new ApiError(response.status, {
    code: error?.code ?? `status_${response.status}`,
    message: error?.message ?? `The gateway answered with status ${response.status}.`,
    param: error?.param ?? undefined,
  });
}
