import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { askAgain } from "../../api/ask-again.ts";
import { call } from "../../api/client.ts";
import type { AddedAccountRow, Preview } from "../../api/contract.ts";

/** So long after the last key, what was typed is looked at. */
const PAUSE_MS = 350;

interface NewAccount {
  readonly credential: string;
  readonly id?: string;
  readonly proxy?: string;
}

/** What the gateway makes of a text, and the call that saves it. The text is sent to the gateway only, and not kept. */
export function useAdding(credential: string) {
  const client = useQueryClient();
  const [settled] = useDebouncedValue(credential.trim(), PAUSE_MS);
  const preview = useQuery({
    queryKey: ["/accounts/preview", settled],
    queryFn: ({ signal }) =>
      call<Preview>("POST", "/accounts/preview", { body: { credential: settled }, signal, isRepeatable: true }),
    enabled: settled !== "",
    gcTime: 0,
    retry: false,
  });
  const adding = useMutation({
    mutationFn: (body: NewAccount) => call<AddedAccountRow>("POST", "/accounts", { body }),
  });
  const refresh = (): Promise<void> => askAgain(client, { queryKey: ["/accounts"] });
  return { preview: settled === "" ? undefined : preview, adding, refresh };
}
