import { Alert, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTexts } from "../texts/language.tsx";

/** A feed that breaks off for a moment is no news. */
const MOMENT_MS = 6_000;

/** Says that nothing new is heard of the gateway, so that nobody takes what is shown for the present. */
export function StaleNotice({ isLive }: { readonly isLive: boolean }) {
  const { t } = useTexts();
  const [isStale, setIsStale] = useState(false);
  useEffect(() => {
    if (isLive) return undefined;
    const timer = window.setTimeout(() => setIsStale(true), MOMENT_MS);
    return () => {
      window.clearTimeout(timer);
      setIsStale(false);
    };
  }, [isLive]);
  if (!isStale) return null;
  return (
    <Alert color="yellow" variant="light" role="status" mb="md" p="xs">
      <Text size="sm">{t("The gateway does not answer. What you see may be old.")}</Text>
    </Alert>
  );
}
