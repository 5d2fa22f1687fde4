import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

/** Every way in which the arms of a compound SELECT come to be read by another query. */
const READ: Readonly<Record<string, (db: Kysely<any>, arms: any) => any>> = {
  "a subquery of FROM": (db, arms) => db.selectFrom(arms.as("t")).selectAll(),
  "a common table expression": (db, arms) => db.with("t", () => arms).selectFrom("t").selectAll(),
  "the arms themselves": (_db, arms) => arms,
};

onEveryDialect("soft delete in the arms of UNION ALL", (dialect) => {
  for (const [where, read] of Object.entries(READ)) {
    it(`holds beside an outer join in another arm, in ${where}`, async () => {
      const { db, close } = await dialect.open();
      try {
        await sql`create table scd_posts (id integer primary key, deleted_at varchar(30))`
          .execute(db);
        await sql`create table scd_notes (id integer primary key, body varchar(30))`.execute(db);
        await db.insertInto("scd_posts").values([
          { id: 1, deleted_at: null },
          { id: 2, deleted_at: "2026-01-01" },
        ]).execute();
        const executor: Kysely<any> = await createExecutor(db, [
          softDeletePlugin({ tables: ["scd_posts"] }),
        ]);
        const posts = () => executor.selectFrom("scd_posts").select("deleted_at as c");
        const outer = () =>
          executor.selectFrom("scd_notes as n").rightJoin("scd_notes as m", (join) => join.onTrue())
            .select("m.body as c");
        const raw = sql<{ c: string }>`select m.body as c from scd_notes n
          right join scd_notes m on 1 = 1` as never;
        for (
          const arms of [
            posts().unionAll(outer()),
            posts().unionAll(posts()).unionAll(outer()),
            executor.selectFrom("scd_notes").select("body as c").unionAll(posts())
              .unionAll(outer()),
            outer().unionAll(posts()).unionAll(outer()),
            posts().unionAll(executor.selectFrom(outer().as("o")).select("o.c")),
            // What raw SQL joins is not seen.
            posts().unionAll(raw),
          ]
        ) {
          const rows = await read(executor, arms).execute();
          assert.ok(
            rows.length > 0 && rows.every(({ c }: any) => c === null),
            JSON.stringify(rows),
          );
        }
      } finally {
        await close();
      }
    });
  }
});
