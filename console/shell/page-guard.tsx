import { Skeleton, Stack } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { Failure } from "../widgets/loaded.tsx";

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
    return error ? <Failure error={error} onRetry={() => this.setState({ error: undefined })} /> : this.props.children;
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
