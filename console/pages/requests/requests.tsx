import { useParams } from "wouter";
import { RequestPage } from "./request-page.tsx";
import { RequestsList } from "./requests-list.tsx";

/** `/requests` and `/requests/{id}`. */
export function Requests() {
  const { id } = useParams<{ id?: string }>();
  return id === undefined ? <RequestsList /> : <RequestPage id={decodeURIComponent(id)} />;
}
