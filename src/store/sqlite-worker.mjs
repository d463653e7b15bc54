// The thread that owns a database file. Plain JavaScript without imports of its own: with TypeScript, Node would load its
// type stripper into this thread once more, which takes 18 MB and doubles the time of the thread's start.
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/** @import { SqliteCall, SqliteReply, SqliteResult } from "./sqlite-thread.ts" */

const { path, options } = workerData;
// Open from the first call on.
let sqlite;

/** @type {(call: SqliteCall) => SqliteResult} */
function answer({ sql, parameters }) {
  sqlite ??= new DatabaseSync(path, options);
  // Some failures, such as a full disk, roll the transaction back by themselves.
  if (sql === "rollback" && !sqlite.isTransaction) return { rows: [] };
  const statement = sqlite.prepare(sql);
  if (statement.columns().length > 0) return { rows: statement.all(...parameters) };
  const { changes, lastInsertRowid: lastId } = statement.run(...parameters);
  return { rows: [], changes, lastId };
}

/** @type {(reply: SqliteReply) => void} */
function send(reply) {
  parentPort?.postMessage(reply);
}

parentPort?.on("message", (/** @type {SqliteCall | "close"} */ call) => {
  if (call === "close") {
    sqlite?.close();
    // Without its port the thread has nothing left to do and ends.
    parentPort?.close();
    return;
  }
  try {
    send({ id: call.id, result: answer(call) });
  } catch (cause) {
    // An error object would lose its `errcode` on the way.
    const { errcode, message } = /** @type {{ errcode?: number, message: string }} */ (cause);
    send({ id: call.id, failure: { errcode, message } });
  }
});
