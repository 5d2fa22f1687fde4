import { betterSqlite3Dialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { type Dialect, Kysely, SqliteDialect } from "kysely";
import { type Group, group } from "../_row.ts";
import { type Database, SCHEMA } from "./_database.ts";
import type { Work, Worker } from "./_work.ts";
import { drizzleWork, preparedDrizzleWork, sqliteTables } from "./_work_drizzle.ts";
import { driverWork } from "./_work_driver.ts";
import { kyselyWork, kyseraWork } from "./_work_kysely.ts";
import { type SideBySide, sideBySide } from "./side_by_side.ts";

const AT_MOST_JOIN = 0.5;

/** What the sides are called. */
export const NAMES = [
  "Kysely",
  "Kysera",
  "driver",
  "Kysely's dialect",
  "Drizzle",
  "Drizzle prepared",
] as const;

/** The sides, each on a database of its own. */
export async function sqliteWorkers(): Promise<Worker[]> {
  const side = async (
    name: typeof NAMES[number],
    make: (database: Sqlite.Database) => Work | Promise<Work>,
  ): Promise<Worker> => {
    const database = new Sqlite(":memory:");
    database.exec(SCHEMA);
    return {
      name,
      work: await make(database),
      clean: () => database.exec("delete from users where id > 1000"),
      close: () => Promise.resolve(void database.close()),
    };
  };
  const kysely = (dialect: Dialect) => new Kysely<Database>({ dialect });
  return [
    // What is compared is the library, so it has the dialect that keeps prepared statements too.
    await side("Kysely", (database) => kyselyWork(kysely(betterSqlite3Dialect({ database })))),
    await side("Kysera", async (database) => {
      const plugin = softDeletePlugin({ tables: ["users", "posts"] });
      const db = kysely(betterSqlite3Dialect({ database }));
      return kyseraWork(await createExecutor(db, [plugin]));
    }),
    await side("driver", prepared),
    await side(
      "Kysely's dialect",
      (database) => kyselyWork(kysely(new SqliteDialect({ database }))),
    ),
    await side("Drizzle", (database) => drizzleWork(drizzle(database), sqliteTables)),
    await side(
      "Drizzle prepared",
      (database) => preparedDrizzleWork(drizzle(database), sqliteTables),
    ),
  ];
}

/** Workers, side by side. */
export function together(workers: readonly Worker[]): SideBySide {
  return {
    workers,
    async close() {
      for (const worker of workers) await worker.close();
    },
  };
}

/** On in-memory SQLite by `better-sqlite3`, which all of them support. */
export const sqliteSides: Group = group<SideBySide>({
  name: "side-by-side-sqlite",
  title: "Side by side on in-memory SQLite, soft-deleted tables",
  sides: NAMES,
  mixed: true,
  rows: sideBySide(AT_MOST_JOIN),
  open: async () => together(await sqliteWorkers()),
  close: (world) => world.close(),
});

/** The driver, with statements that are prepared once. */
function prepared(database: Sqlite.Database): Work {
  const statements = new Map<string, Sqlite.Statement>();
  return driverWork((text, values) => {
    let statement = statements.get(text);
    if (statement === undefined) statements.set(text, statement = database.prepare(text));
    return Promise.resolve(statement.all(...values));
  }, () => "?");
}
