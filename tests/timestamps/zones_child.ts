/**
 * Writes or reads times in the time zone of this process, for `zones_test.ts`.
 *
 * @module
 */
import process from "node:process";
import { mysql2Dialect, pgDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Dialect, Kysely } from "kysely";

/** What the process is told to do. */
export interface Task {
  readonly dialect: "postgres" | "mysql";
  readonly url: string;
  /** The schema or database of the tables. */
  readonly within: string;
  /** Whether the driver is set up as the README advises. */
  readonly advised: boolean;
  readonly tables: readonly string[];
  /** The times to write, under ids of this process; without them all rows are read. */
  readonly write?: readonly string[] | undefined;
  readonly firstId: number;
}

/** A row as it was read. */
export interface ReadRow {
  readonly id: number;
  readonly created_at: string;
  readonly deleted_at: string;
}

const task = JSON.parse(process.argv[2]!) as Task;
const db = new Kysely<any>({ dialect: await dialectOf(task) });
try {
  const read: Record<string, ReadRow[]> = {};
  for (const table of task.tables) {
    if (task.write === undefined) {
      read[table] = (await db.selectFrom(table).selectAll().orderBy("id").execute()).map((
        { id, created_at, deleted_at },
      ) => ({
        id,
        created_at: new Date(created_at).toISOString(),
        deleted_at: new Date(deleted_at).toISOString(),
      }));
      continue;
    }
    for (const [i, time] of task.write.entries()) {
      const now = (): Date => new Date(time);
      const executor = await createExecutor(db, [
        timestampsPlugin({ tables: [table], getTimestamp: now }),
        softDeletePlugin({ tables: [table], now }),
      ]);
      const id = task.firstId + i;
      await executor.insertInto(table).values({ id }).execute();
      await createRepository(executor, { tableName: table }).softDelete(id);
    }
  }
  console.log(JSON.stringify(read));
} finally {
  await db.destroy();
}

async function dialectOf({ dialect, url, within, advised }: Task): Promise<Dialect> {
  if (dialect === "mysql") {
    const { default: mysql } = await import("mysql2");
    const own = new URL(url);
    own.pathname = `/${within}`;
    const zone = advised ? { timezone: "Z" } : {};
    return mysql2Dialect({ pool: mysql.createPool({ uri: own.href, ...zone }) });
  }
  const { default: pg } = await import("pg");
  if (advised) {
    // Dates are written in UTC, and what has no zone is read as UTC.
    pg.defaults.parseInputDatesAsUTC = true;
    pg.types.setTypeParser(pg.types.builtins.TIMESTAMP, (text: string) => new Date(`${text}Z`));
  }
  return pgDialect({
    pool: new pg.Pool({ connectionString: url, options: `-c search_path=${within}` }),
  });
}
