import type { Migration } from "@kysera/migrations";
import { type Kysely, sql } from "kysely";

/** Notes that a migration ran. */
async function note(db: Kysely<any>, name: string): Promise<void> {
  await db.insertInto("runs").values({ name }).execute();
}

/** Migrations of every kind: with a transaction and without, of schema, of rows, and of both. */
export function migrationsFor(dialect: "sqlite" | "postgres" | "mysql"): Migration[] {
  const isPostgres = dialect === "postgres";
  return [
    {
      name: "001_runs",
      async up(db) {
        await db.schema.createTable("runs").addColumn("name", "varchar(50)").execute();
        await note(db, "001_runs");
      },
    },
    {
      name: "002_users",
      async up(db) {
        await db.schema.createTable("users")
          .addColumn("id", "integer", (column) => column.primaryKey())
          .addColumn("email", "varchar(50)").execute();
        await db.insertInto("users").values([{ id: 1, email: "a" }, { id: 2, email: "b" }])
          .execute();
        await note(db, "002_users");
      },
    },
    {
      name: "003_index",
      transaction: false,
      async up(db) {
        await sql`create index ${
          isPostgres ? sql`concurrently` : sql``
        } users_email on users (email)`
          .execute(db);
        await note(db, "003_index");
        await db.schema.alterTable("users").addColumn("age", "integer").execute();
        await db.updateTable("users").set((eb) => ({ age: eb("id", "+", 20) })).execute();
      },
    },
    {
      name: "004_transaction_of_its_own",
      transaction: false,
      async up(db) {
        await db.transaction().execute(async (trx) => {
          await note(trx, "004");
          await trx.updateTable("users").set((eb) => ({ age: eb("age", "+", 1) })).execute();
        });
        await db.updateTable("users").set((eb) => ({ age: eb("age", "*", 2) })).execute();
      },
    },
    {
      name: "005_posts",
      async up(db) {
        await db.schema.createTable("posts").addColumn("id", "integer").execute();
        await note(db, "005_posts");
      },
    },
  ];
}
