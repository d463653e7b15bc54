/**
 * A replica in a process of its own. Its first argument is the database's URL, its second the number of accounts. It does what
 * the lines of its input say, `ask ID` or `save ID`, and tells what came of it, a JSON line each.
 */
import { createInterface } from "node:readline";
import { GatewayError } from "../../src/errors.ts";
import { accountsOf, Replica } from "./replica.ts";

const [databaseUrl = "", count = "0"] = process.argv.slice(2);
const replica = await Replica.start({ databaseUrl }, accountsOf(Number(count)));
const seen = new Map(replica.ids.map((id) => [id, replica.account(id)]));

function tell(told: object): void {
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

async function act(what: string | undefined, id: string): Promise<object> {
  const account = seen.get(id) ?? replica.account(id);
  if (what === "save") return { isSaved: await replica.save(account) };
  account.hold?.assertHeld();
  const turn = await account.hold?.begin(crypto.randomUUID(), AbortSignal.timeout(60_000));
  turn?.signal.addEventListener("abort", () => tell({ ended: id }));
  return { asked: id };
}

function failed(cause: unknown): object {
  return { failed: cause instanceof GatewayError ? cause.code : String(cause) };
}

tell({ ids: replica.ids });
for await (const line of createInterface({ input: process.stdin })) {
  const [what, id = ""] = line.split(" ");
  tell(await act(what, id).catch(failed));
}
