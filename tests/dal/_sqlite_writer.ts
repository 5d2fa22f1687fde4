/** What another thread does to a file of SQLite, with a connection of its own. */
import { withTransaction } from "@kysera/dal";
import { nodeSqliteDialect } from "@kysera/dialects";
import { type Dialect, Kysely } from "kysely";
import { DatabaseSync } from "node:sqlite";
import { isMainThread, parentPort, workerData } from "node:worker_threads";

export interface Counter {
  c: { id: number; n: number };
}

/** A dialect whose driver waits two seconds for a lock. */
export function dialectOf(file: string): Dialect {
  return nodeSqliteDialect({ database: new DatabaseSync(file, { timeout: 2_000 }) });
}

/** Reads, and writes what was read: nobody else may write between. */
export async function countUp(db: Kysely<Counter>): Promise<void> {
  const { n } = await db.selectFrom("c").select("n").executeTakeFirstOrThrow();
  await db.updateTable("c").set({ n: n + 1 }).execute();
}

async function countUpOften({ file, times }: { file: string; times: number }): Promise<void> {
  const db = new Kysely<Counter>({ dialect: dialectOf(file) });
  const failures: string[] = [];
  for (let i = 0; i < times; i++) {
    await withTransaction(db, (tx) => countUp(tx.db)).catch((error) => failures.push(`${error}`));
  }
  await db.destroy();
  parentPort!.postMessage(failures);
}

if (!isMainThread && workerData?.file !== undefined) await countUpOften(workerData);
