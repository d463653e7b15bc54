import { useDeferredValue } from "react";
import type { AccountRow } from "../../api/contract.ts";
import { AccountCard } from "./account-card.tsx";
import classes from "./overview.module.css";

/** More than a wide screen shows. The others are drawn when the page stands. */
const FIRST_CARDS = 18;

/** A card for each account. */
export function Cards({ accounts }: { readonly accounts: readonly AccountRow[] }) {
  const shown = useDeferredValue(accounts, accounts.slice(0, FIRST_CARDS));
  return (
    <div className={classes["cards"]}>
      {shown.map((account) => (
        <AccountCard key={account.id} account={account} />
      ))}
    </div>
  );
}
