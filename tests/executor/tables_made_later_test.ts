/** Tables that another process makes in a schema, beside one of their name that the executor knows. */
import { compilePlan, createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { uniqueName } from "../support/_names.ts";
import { onEveryDialect } from "../support/matrix.ts";

onEveryDialect("A table that was made later, in another schema than one of its name", (dialect) => {
  it("is filtered in whatever query names it", async () => {
    const { db, close } = await dialect.open();
    const isPostgres = dialect.dialect === "postgres";
    const known = isPostgres ? uniqueName() : "known";
    const later = isPostgres ? uniqueName() : "later";
    const schemas = [known, later];
    const make = async (name: string, isMarked: boolean): Promise<void> => {
      const mark = isMarked ? sql`, deleted_at varchar(30)` : sql``;
      await sql`create table ${sql.table(name)} (id integer primary key ${mark})`.execute(db);
      if (!isMarked) return;
      await sql`insert into ${sql.table(name)} values (1, null), (2, '2024-01-01')`.execute(db);
    };
    const ids = async (query: { execute(): Promise<{ id?: number }[]> }): Promise<unknown[]> =>
      (await query.execute()).map(({ id }) => id);
    try {
      for (const schema of schemas) {
        await (isPostgres
          ? db.schema.createSchema(schema).execute()
          : sql`attach ':memory:' as ${sql.id(schema)}`.execute(db));
      }
      await make("old", true);
      await make(`${known}.notes`, false);
      const executor: Kysely<any> = await createExecutor(db, [softDeletePlugin()]);
      const notes = `${later}.notes`;
      const plan = compilePlan(executor, (db) => db.selectFrom(notes).select("id"));
      await assert.rejects(executor.selectFrom(notes).select("id").execute());
      await make(notes, true);
      const { rows } = await executor.executeQuery(plan.bind(executor, []));
      assert.deepEqual(rows, [{ id: 1 }]);
      const joined = executor.selectFrom(`${notes} as n`)
        .leftJoin(`${known}.notes as m`, "m.id", "n.id").select("n.id");
      assert.deepEqual(await ids(joined), [1]);
      const inCte = executor.with("w", (db) => db.selectFrom(notes).select("id"))
        .selectFrom("w").select("id");
      assert.deepEqual(await ids(inCte), [1]);
      if (dialect.name !== "pglite") {
        const streamed: unknown[] = [];
        const query = executor.withSchema(later).selectFrom("notes").select("id");
        for await (const row of query.stream()) streamed.push(row["id"]);
        assert.deepEqual(streamed, [1]);
      }
      // A table that was there takes the name of one that was looked for in vain.
      const letters = `${later}.letters`;
      await make(`${later}.hidden`, true);
      await assert.rejects(executor.selectFrom(letters).select("id").execute());
      await sql`alter table ${sql.id(later, "hidden")} rename to letters`.execute(db);
      const update = executor.updateTable(letters).set({ deleted_at: "x" }).where("id", "=", 2);
      assert.equal((await update.executeTakeFirstOrThrow()).numUpdatedRows, 0n);
      const found = executor.selectFrom("old").select("old.id").where((eb) =>
        eb.exists(eb.selectFrom(`${letters} as l`).select("l.id").where("l.id", "=", 2))
      );
      assert.deepEqual(await ids(found), []);
    } finally {
      if (isPostgres) {
        for (const schema of schemas) {
          await db.schema.dropSchema(schema).ifExists().cascade().execute();
        }
      }
      await close();
    }
  });
}, ["sqlite", "pglite", "postgres"]);
