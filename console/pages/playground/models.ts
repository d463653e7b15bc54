import { useQuery } from "@tanstack/react-query";

/** The models that this key may use; none while there is no key. */
export function useModels(apiKey: string): readonly string[] {
  const { data } = useQuery({
    queryKey: ["models", apiKey],
    queryFn: ({ signal }) => readModels(apiKey, signal),
    enabled: apiKey !== "",
    gcTime: 0,
    retry: false,
  });
  return data ?? [];
}

async function readModels(apiKey: string, signal: AbortSignal): Promise<readonly string[]> {
  const response = await fetch("/v1/models", {
    headers: { authorization: `Bearer ${apiKey}` },
    credentials: "omit",
    signal,
  });
  if (!response.ok) return [];
  const { data } = (await response.json()) as { readonly data: readonly { readonly id: string }[] };
  return data.map(({ id }) => id);
}
