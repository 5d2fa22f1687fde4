import { betterSqlite3Dialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { type Dialect, Kysely, SqliteDialect } from "kysely";
import type { Group } from "./_case.ts";
import { type Database, SCHEMA } from "./_database.ts";
import type { Work, Worker } from "./_work.ts";
import { drizzleWork, preparedDrizzleWork, sqliteTables } from "./_work_drizzle.ts";
import { driverWork } from "./_work_driver.ts";
import { kyselyWork, kyseraWork } from "./_work_kysely.ts";
import { sideBySide } from "./side_by_side.ts";

const AT_MOST_JOIN = 0.5;

/** On in-memory SQLite by `better-sqlite3`, which all of them support. */
export async function sqliteSides(): Promise<Group> {
  const worker = (
    name: string,
    make: (database: Sqlite.Database) => Work,
    close?: () => Promise<void>,
  ): Worker => {
    const database = new Sqlite(":memory:");
    database.exec(SCHEMA);
    return {
      name,
      work: make(database),
      clean: () => database.exec("delete from users where id > 1000"),
      close: close ?? (() => Promise.resolve(void database.close())),
    };
  };
  const kysely = (dialect: (database: Sqlite.Database) => Dialect) => (database: Sqlite.Database) =>
    kyselyWork(new Kysely<Database>({ dialect: dialect(database) }));

  const guarded = new Sqlite(":memory:");
  guarded.exec(SCHEMA);
  const executor = await createExecutor(
    new Kysely<Database>({ dialect: betterSqlite3Dialect({ database: guarded }) }),
    [softDeletePlugin({ tables: ["users", "posts"] })],
  );
  const kysera: Worker = {
    name: "Kysera",
    work: kyseraWork(executor),
    clean: () => guarded.exec("delete from users where id > 1000"),
    close: () => executor.destroy(),
  };
  return await sideBySide(
    "Side by side on in-memory SQLite, soft-deleted tables",
    [
      // What is compared is the library, so it has the dialect that keeps prepared statements too.
      worker("Kysely", kysely((database) => betterSqlite3Dialect({ database }))),
      kysera,
      worker("driver", prepared),
      worker("Kysely's dialect", kysely((database) => new SqliteDialect({ database }))),
      worker("Drizzle", (database) => drizzleWork(drizzle(database), sqliteTables)),
      worker(
        "Drizzle prepared",
        (database) => preparedDrizzleWork(drizzle(database), sqliteTables),
      ),
    ],
    AT_MOST_JOIN,
  );
}

/** The driver, with statements that are prepared once. */
function prepared(database: Sqlite.Database): Work {
  const statements = new Map<string, Sqlite.Statement>();
  return driverWork((text, values) => {
    let statement = statements.get(text);
    if (statement === undefined) statements.set(text, statement = database.prepare(text));
    return Promise.resolve(statement.all(...values));
  }, () => "?");
}
