import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { ApiError, call, setCsrfToken, whenSignedOut } from "./client.ts";
import { isUntouchedFor } from "./touches.ts";

interface Session {
  readonly csrfToken: string;
  /** How long nobody may touch the console. */
  readonly idleMs: number;
}

/** `idle`: nobody touched the console · `ended`: the gateway ended the session. */
export type SignedOutBecause = "idle" | "ended";

interface Access {
  /** Undefined when nobody is signed in. */
  readonly session?: Session;
  /** Undefined when nobody was signed in before, or signed out by hand. */
  readonly because?: SignedOutBecause;
}

const KEY = ["session"];
const SIGNED_OUT: Access = {};

/** Asks once whether the browser is still signed in. */
export function useAccess() {
  return useQuery({ queryKey: KEY, queryFn: readAccess, staleTime: Number.POSITIVE_INFINITY, retry: false });
}

async function readAccess(): Promise<Access> {
  try {
    const session = await call<Session>("GET", "/session");
    setCsrfToken(session.csrfToken);
    return { session };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return SIGNED_OUT;
    throw error;
  }
}

/** Tells the gateway that somebody is here, and finds out if it has ended the session. Never rejects. */
export async function touchSession(): Promise<void> {
  await call("GET", "/session").catch(() => undefined);
}

/** Signs in and out. What was read while signed in is forgotten at the end. */
export function useSigning() {
  const client = useQueryClient();
  return {
    signIn: async (key: string): Promise<void> => {
      const session = await call<Session>("POST", "/session", { body: { key } });
      setCsrfToken(session.csrfToken);
      client.setQueryData<Access>(KEY, { session });
    },
    signOut: async (because?: SignedOutBecause): Promise<void> => {
      await call("DELETE", "/session").catch(() => undefined);
      forget(client, because);
    },
  };
}

/** Leads to the sign-in as soon as the gateway says that the session has ended. */
export function forgetWhenSignedOut(client: QueryClient): void {
  whenSignedOut(() => {
    const session = client.getQueryData<Access>(KEY)?.session;
    if (session) forget(client, isUntouchedFor(session.idleMs) ? "idle" : "ended");
  });
}

function forget(client: QueryClient, because?: SignedOutBecause): void {
  setCsrfToken(undefined);
  client.setQueryData<Access>(KEY, because ? { because } : SIGNED_OUT);
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
}
