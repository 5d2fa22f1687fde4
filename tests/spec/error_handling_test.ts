/** The specification's sample on error handling, as it is written. */
import {
  DatabaseError,
  ForeignKeyConstraintError,
  parseDatabaseError,
  UniqueConstraintError,
} from "@kysera/core";
import { createExecutor } from "@kysera/executor";
import { createORM } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

interface Database {
  teams: { id: number };
  users: { id: number; email: string; team_id: number; deleted_at: string | null };
}

onEveryDialect("specification: error handling", (dialect) => {
  it("tells a unique violation from a foreign key violation, on a hidden row as well", async () => {
    const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
    try {
      await sql`create table teams (id int not null primary key)`.execute(db);
      await sql`create table users (
        id int not null primary key, email varchar(40) not null, team_id int not null,
        deleted_at varchar(30), constraint users_email unique (email),
        constraint users_team foreign key (team_id) references teams (id)
      )`.execute(db);
      await sql`insert into teams values (1)`.execute(db);
      await sql`insert into users values (1, 'ada@example.org', 1, '2025-01-01')`.execute(db);
      const executor = await createExecutor(db, [softDeletePlugin()]);
      const orm = await createORM(executor, []);
      const userRepo = orm.createRepository({ tableName: "users" });

      const violated = async (userData: { id: number; email: string; team_id: number }) => {
        try {
          await userRepo.create({ ...userData, deleted_at: null });
        } catch (error) {
          const dbError = parseDatabaseError(error, dialect.dialect); // postgres, mysql, sqlite
          assert.ok(dbError instanceof DatabaseError);

          if (dbError instanceof UniqueConstraintError) {
            // Handle unique constraint violation
            return `Duplicate ${dbError.constraint ?? dbError.columns}`;
          } else if (dbError instanceof ForeignKeyConstraintError) {
            // Handle foreign key violation
            return "Foreign key";
          }
        }
        return undefined;
      };

      assert.match(
        await violated({ id: 2, email: "ada@example.org", team_id: 1 }) ?? "",
        /^Duplicate (users_)?email$/,
      );
      assert.equal(await violated({ id: 3, email: "bob@example.org", team_id: 9 }), "Foreign key");
      assert.equal(await violated({ id: 4, email: "cleo@example.org", team_id: 1 }), undefined);
    } finally {
      await close();
    }
  });
});
