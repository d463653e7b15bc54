import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { ApiError, call, setCsrfToken, whenSignedOut } from "./client.ts";

export interface Session {
  readonly csrfToken: string;
  readonly expiresAt: number;
}

/** Signed out if null. `reason` tells why, if the page did it. */
export type SignedIn = Session | null;

const KEY = ["session"];

/** Asks once whether the browser is still signed in. */
export function useSession() {
  return useQuery({ queryKey: KEY, queryFn: readSession, staleTime: Number.POSITIVE_INFINITY, retry: false });
}

async function readSession(): Promise<SignedIn> {
  try {
    const session = await call<Session>("GET", "/session");
    setCsrfToken(session.csrfToken);
    return session;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** Signs in and out. What was read while signed in is forgotten at the end. */
export function useSigning() {
  const client = useQueryClient();
  return {
    signIn: async (key: string): Promise<void> => {
      const session = await call<Session>("POST", "/session", { body: { key } });
      setCsrfToken(session.csrfToken);
      client.setQueryData<SignedIn>(KEY, session);
    },
    signOut: async (): Promise<void> => {
      await call("DELETE", "/session").catch(() => undefined);
      forget(client);
    },
  };
}

export function forgetWhenSignedOut(client: QueryClient): void {
  whenSignedOut(() => forget(client));
}

function forget(client: QueryClient): void {
  setCsrfToken(undefined);
  client.setQueryData<SignedIn>(KEY, null);
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
}
