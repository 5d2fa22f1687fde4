import { after, before, beforeEach, describe, it } from "node:test";
import assert from "node:assert/strict";
import { Kysely, sql } from "kysely";
import { pgliteDialect } from "@kysera/dialects";
import { describeContract } from "../_contract_test.ts";
import { pgliteStart, SLOW } from "../_databases_test.ts";

let PGlite: typeof import("@electric-sql/pglite").PGlite | undefined;
let skip: string | undefined;
try {
  ({ PGlite } = await import("@electric-sql/pglite"));
} catch (error) {
  skip = `PGlite does not load: ${error instanceof Error ? error.message : error}`;
}

const create = async () => await PGlite!.create(await pgliteStart());

describeContract({
  name: "pgliteDialect()",
  family: "postgres",
  skip,
  open: () => Promise.resolve({ dialect: pgliteDialect({ database: create }) }),
});

describe("pgliteDialect()", { skip: skip ?? false }, () => {
  let pglite: InstanceType<NonNullable<typeof PGlite>>;
  let db: Kysely<any>;
  before(async () => {
    pglite = await create();
    db = new Kysely<any>({ dialect: pgliteDialect({ database: pglite }) });
    await db.schema.createTable("t").addColumn("a", "integer").execute();
  }, SLOW);
  after(() => db?.destroy());
  beforeEach(() => db.deleteFrom("t").execute());

  it("keeps other users of the same PGlite out of a transaction", async () => {
    const order: string[] = [];
    let other: Promise<unknown> | undefined;
    await db.transaction().execute(async (trx) => {
      await trx.insertInto("t").values({ a: 1 }).execute();
      other = pglite.query("select count(*)::int as n from t").then(({ rows }) => {
        order.push("other");
        return rows;
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      await trx.insertInto("t").values({ a: 2 }).execute();
      order.push("transaction");
    });
    assert.deepEqual(await other, [{ n: 2 }]);
    assert.deepEqual(order, ["transaction", "other"]);
  });

  it("rejects a commit that the database turned into a rollback, and goes on", async () => {
    await assert.rejects(
      db.transaction().execute(async (trx) => {
        await sql`select 1 / 0`.execute(trx).catch(() => {});
      }),
      /Cannot commit: the database rolled the transaction back/,
    );
    const trx = await db.startTransaction().execute();
    await assert.rejects(sql`select 1 / 0`.execute(trx));
    await assert.rejects(trx.commit().execute(), /Cannot commit/);
    if (!trx.isRolledBack) await trx.rollback().execute();
    const { rows } = await sql`select 1 as one`.execute(db);
    assert.deepEqual(rows, [{ one: 1 }]);
  });

  it("refuses to stream what changes rows", async () => {
    await assert.rejects(async () => {
      for await (const _ of db.insertInto("t").values({ a: 1 }).returningAll().stream());
    }, /Cannot stream: PGlite streams a SELECT or VALUES only, use execute\(\)/);
    assert.deepEqual(await db.selectFrom("t").selectAll().execute(), []);
  });

  it("calls onCreateConnection once, before the first query", async () => {
    let calls = 0;
    // Not destroyed, as that would close the PGlite of the other tests
    const own = new Kysely<any>({
      dialect: pgliteDialect({
        database: pglite,
        onCreateConnection: async (connection) => {
          calls++;
          await connection.executeQuery(
            sql`set application_name to ${sql.lit("mine")}`.compile(own),
          );
        },
      }),
    });
    for (let i = 0; i < 2; i++) {
      const { rows } = await sql<{ name: string }>`
        select current_setting('application_name') as name`.execute(own);
      assert.deepEqual(rows, [{ name: "mine" }]);
    }
    assert.equal(calls, 1);
  });

  it("refuses options it does not have, and something that is not a PGlite", () => {
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => pgliteDialect({ database: () => PGlite!.create(), pool: 1 }),
      /Cannot call pgliteDialect\(\): it has no option "pool"/,
    );
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => pgliteDialect({ database: "memory://" }),
      /option "database" must be a PGlite/,
    );
  });
});
