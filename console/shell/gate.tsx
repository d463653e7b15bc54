import { Center, Loader } from "@mantine/core";
import { useAccess } from "../api/session.ts";
import { Failure } from "../widgets/loaded.tsx";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";

/** The console for who is signed in, else the sign-in. */
export function Gate() {
  const { data: access, error, refetch } = useAccess();
  if (access?.session) return <Shell idleLimitMs={access.session.idleMs} />;
  if (access) return <SignIn because={access.because} />;
  return (
    <Center h="100vh" px="md">
      {error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loader size="sm" />}
    </Center>
  );
}
