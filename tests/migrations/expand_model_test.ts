import { createMigrationRunner, expandAndContract } from "@kysera/migrations";
import fc from "fast-check";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzProperty } from "../support/random.ts";

/** A value of the old column, and of the new one. */
interface Row {
  readonly old: string | null;
  readonly now: number | null;
}

/** A write, which gives either column, both or none. */
type Write = { readonly insert: Partial<Row> } | { readonly update: Partial<Row> };

const old = fc.constantFrom(null, "1", "01", "001", "2", "02");
const now = fc.constantFrom(null, 1, 2, 3);
const columns = fc.record({ old, now }, { requiredKeys: [] });
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ insert: columns }),
  fc.record({ update: columns }),
  fc.record({ update: columns }),
);

const forward = (value: string | null) => value === null ? null : Number(value);
const backward = (value: number | null) => value === null ? null : String(value);
const isConsistent = ({ old, now }: Row) => now === forward(old) || old === backward(now);

/** Treatment of a row that is inserted. */
function inserted({ old = null, now = null }: Partial<Row>): Row {
  if (now === null) return { old, now: forward(old) };
  return isConsistent({ old, now }) ? { old, now } : { old: backward(now), now };
}

/** Treatment of a row that is updated. */
function updated(row: Row, change: Partial<Row>): Row {
  const next: Row = { ...row, ...change };
  if (isConsistent(next)) return next;
  if (next.now !== row.now) return { ...next, old: backward(next.now) };
  return next.old === row.old ? next : { ...next, now: forward(next.old) };
}

onEveryDialect("two columns that triggers keep in sync", (dialect) => {
  it("hold what a model says, whatever is written", async () => {
    const { db, close } = await dialect.open();
    try {
      await db.schema.createTable("items")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("old", "varchar(20)").execute();
      const isMysql = dialect.dialect === "mysql";
      const { expand } = expandAndContract({
        table: "items",
        key: "id",
        from: "old",
        to: { name: "now", type: "integer" },
        forward: (value) => sql`cast(${value} as ${isMysql ? sql`signed` : sql`integer`})`,
        backward: (value) => sql`cast(${value} as ${isMysql ? sql`char` : sql`text`})`,
      });
      await createMigrationRunner(db, [expand]).up();
      let id = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 8 }), async (writes) => {
          // Each case has a row of its own, which is inserted first.
          const [first, ...rest] = writes;
          id++;
          const start = first !== undefined && "insert" in first ? first.insert : {};
          await db.insertInto("items").values({ id, ...start }).execute();
          let row = inserted(start);
          assert.deepEqual(await rowOf(db, id), row);
          for (const each of rest) {
            const change = "update" in each ? each.update : each.insert;
            if (Object.keys(change).length === 0) continue;
            await db.updateTable("items").set(change).where("id", "=", id).execute();
            row = updated(row, change);
            assert.deepEqual(await rowOf(db, id), row);
          }
        }),
        fuzzProperty(400),
      );
    } finally {
      await close();
    }
  });
});

async function rowOf(db: Kysely<any>, id: number): Promise<Row> {
  const { old, now } = await db.selectFrom("items").select(["old", "now"]).where("id", "=", id)
    .executeTakeFirstOrThrow();
  return { old, now: now === null ? null : Number(now) };
}
