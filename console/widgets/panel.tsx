import { Group, Paper, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface PanelProps {
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Panel({ title, actions, children }: PanelProps) {
  return (
    <Paper component="section" withBorder p="md" radius="md">
      {(title !== undefined || actions !== undefined) && (
        <Group justify="space-between" mb="sm" gap="xs">
          <Title order={2} size="h5">
            {title}
          </Title>
          {actions}
        </Group>
      )}
      {children}
    </Paper>
  );
}

export function PageHead({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <Group justify="space-between" mb="md" gap="xs">
      <Title order={1} size="h3">
        {title}
      </Title>
      {children !== undefined && (
        <Group gap="xs" fz="sm">
          {children}
        </Group>
      )}
    </Group>
  );
}
