import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../../tests/support/matrix.ts";
import { reading, writing } from "./_sessions.ts";

onEveryDialect("reading(), writing()", (dialect) => {
  it("have the database refuse every write, or let it write", async () => {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await sql`create table notes (id integer)`.execute(db);
      const attempts: readonly ((session: Kysely<any>) => Promise<unknown>)[] = [
        (session) => session.insertInto("notes").values({ id: 1 }).execute(),
        (session) => session.deleteFrom("notes").execute(),
        (session) => session.schema.dropTable("notes").execute(),
        (session) => session.schema.createTable("more").addColumn("id", "integer").execute(),
      ];
      for (const attempt of attempts) {
        await assert.rejects(reading(db, 5000, attempt), /read.?only/i);
      }
      await writing(db, 5000, (session) => session.insertInto("notes").values({ id: 2 }).execute());
      await assert.rejects(reading(db, 5000, attempts[0]!), /read.?only/i);
      const rows = await reading(db, 5000, (s) => s.selectFrom("notes").selectAll().execute());
      assert.deepEqual(rows, [{ id: 2 }]);
      await assert.rejects(
        writing(db, 5000, async (session) => {
          await session.deleteFrom("notes").execute();
          throw new Error("too many");
        }),
        /too many/,
      );
      assert.equal((await db.selectFrom("notes").selectAll().execute()).length, 1);
    } finally {
      await close();
    }
  });
});

onEveryDialect("reading()", (dialect) => {
  it("ends a query that takes too long", async () => {
    const { db, close } = await dialect.open();
    try {
      const slow = dialect.dialect === "postgres"
        ? sql`select pg_sleep(60)`
        : sql`select sleep(60)`;
      const start = performance.now();
      const query = reading(db, 50, (session) => slow.execute(session));
      if (dialect.dialect === "postgres") await assert.rejects(query, /statement timeout/);
      // MariaDB fails, and MySQL lets sleep() return early.
      else await query.catch(() => {});
      assert.ok(performance.now() - start < 30_000);
    } finally {
      await close();
    }
  });
}, ["postgres", "mysql"]);
