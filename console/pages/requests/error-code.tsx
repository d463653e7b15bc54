import { Badge, Group } from "@mantine/core";
import { Link } from "wouter";
import type { RequestRow } from "../../api/contract.ts";
import { useMeanings } from "../../texts/meanings.ts";

/** A request's status, and its error with a way to what it means. */
export function ErrorCode({ row: { id, status, code } }: { readonly row: RequestRow }) {
  const { errors } = useMeanings();
  return (
    <Group gap={6} wrap="nowrap">
      <Badge color={code === null ? "green" : "red"} variant="light">
        {status}
      </Badge>
      {code !== null && (
        <Link href={`/requests/${encodeURIComponent(id)}`} title={errors[code]}>
          {code}
        </Link>
      )}
    </Group>
  );
}
