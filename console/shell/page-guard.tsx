import { Skeleton, Stack } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { ApiError } from "../api/client.ts";
import { Failure } from "../widgets/loaded.tsx";
import { reloadIfServed } from "./loading.ts";

interface GuardState {
  readonly error: Error | undefined;
}

/** A page that fails leaves the navigation standing. */
export class PageGuard extends Component<{ readonly children: ReactNode }, GuardState> {
  override readonly state: GuardState = { error: undefined };

  static getDerivedStateFromError(cause: unknown): GuardState {
    return { error: cause instanceof Error ? cause : new Error(String(cause)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    const isNotLoaded = error instanceof ApiError && error.code === "not_reached";
    const retry = (): void => (isNotLoaded ? void reloadIfServed() : this.setState({ error: undefined }));
    return <Failure error={error} onRetry={retry} />;
  }
}

export function PageFallback() {
  return (
    <Stack aria-hidden="true">
      <Skeleton height={30} width={220} />
      <Skeleton height={160} />
    </Stack>
  );
}
