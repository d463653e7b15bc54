import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

const ID_BYTES = 4;
const NAME_CHARACTERS = 40;

/** The machine's name and a random number: another one at each start. */
export function newReplicaId(): string {
  const name =
    hostname()
      .split(".", 1)[0]
      ?.replaceAll(/[^\w-]/g, "") ?? "";
  return `${name.slice(0, NAME_CHARACTERS) || "replica"}-${randomBytes(ID_BYTES).toString("hex")}`;
}
