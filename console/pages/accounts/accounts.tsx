import { useParams } from "wouter";
import { AccountPage } from "./account-page.tsx";
import { AccountsList } from "./accounts-list.tsx";
import { AddPage } from "./add-page.tsx";

/** `/accounts`, `/accounts/new` and `/accounts/{id}`. An account called `new` is reached as any other through the list. */
export function Accounts() {
  const { id } = useParams<{ id?: string }>();
  if (id === undefined) return <AccountsList />;
  return id === "new" ? <AddPage /> : <AccountPage id={decodeURIComponent(id)} />;
}
