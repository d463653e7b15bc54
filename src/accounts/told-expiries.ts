import type { ExpiryMemory } from "../alerts/alerts.ts";
import type { Log } from "../observe/log.ts";
import type { ToldExpiryStore } from "../store/told-expiry-store.ts";

/** The ends of sign-ins that the operator was told before this start; further ones are stored, for all replicas. @throws StoreError */
export async function toldExpiries(
  { toldExpiries: store }: { readonly toldExpiries: ToldExpiryStore },
  log: Pick<Log, "warn">,
): Promise<ExpiryMemory> {
  return {
    told: await store.load(),
    keep: async (told) => {
      try {
        return await store.save(told);
      } catch (cause) {
        log.warn(
          { account: told.account, err: cause },
          "that its expiry was told is not stored: a restart or another replica tells it again",
        );
        return true;
      }
    },
  };
}
