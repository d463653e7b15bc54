import { Alert, Button, Skeleton, Stack, Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "../api/client.ts";
import { useTexts } from "../texts/language.tsx";

type Reading<T> = Pick<UseQueryResult<T>, "data" | "error" | "refetch" | "isFetching">;

interface LoadedProps<T> {
  readonly reading: Reading<T>;
  /** How many grey lines stand in for what is not there yet. */
  readonly lines?: number;
  readonly children: (data: T) => ReactNode;
}

/** What was read; else that it is being read, that it failed and why, or that this gateway does not have it. */
export function Loaded<T>({ reading, lines = 4, children }: LoadedProps<T>) {
  const { data, error } = reading;
  if (data !== undefined) {
    return (
      <>
        {error && <Failure error={error} onRetry={() => void reading.refetch()} />}
        {children(data)}
      </>
    );
  }
  if (error) return <Failure error={error} onRetry={() => void reading.refetch()} />;
  return <Waiting lines={lines} />;
}

function Waiting({ lines }: { readonly lines: number }) {
  const { t } = useTexts();
  return (
    <Stack gap="xs" role="status" aria-label={t("Loading")}>
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} height={18} width={`${92 - ((index * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}

export function Failure({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const { t, told } = useTexts();
  if (error instanceof ApiError && error.isNotAvailable) {
    return <Empty title={t("Not available")} text={t("This gateway does not have this part.")} />;
  }
  const code = error instanceof ApiError ? error.code : undefined;
  return (
    <Alert color="red" variant="light" title={code === undefined ? t("That failed") : code} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{told(error.message)}</Text>
        {onRetry && (
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            {t("Try again")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly text?: string;
  readonly children?: ReactNode;
}

export function Empty({ title, text, children }: EmptyProps) {
  return (
    <Stack gap={4} align="center" py="xl" ta="center">
      <Text fw={600}>{title}</Text>
      {text !== undefined && (
        <Text size="sm" c="dimmed" maw={460}>
          {text}
        </Text>
      )}
      {children}
    </Stack>
  );
}
