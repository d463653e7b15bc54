import { Center, Loader } from "@mantine/core";
import { useSession } from "../api/session.ts";
import { Failure } from "../widgets/loaded.tsx";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";

/** The console for who is signed in, else the sign-in. */
export function Gate() {
  const { data: session, error, refetch } = useSession();
  if (session) return <Shell />;
  if (session === null) return <SignIn />;
  return (
    <Center h="100vh" px="md">
      {error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loader size="sm" />}
    </Center>
  );
}
