/**
 * What a database does on a runtime, found out by doing it: the cells of `docs/runtimes.md`.
 *
 * @module
 */
import { auditPlugin, getAuditLogs } from "@kysera/audit";
import { withTransaction } from "@kysera/dal";
import { createExecutor } from "@kysera/executor";
import { createRepository, StaleRowError } from "@kysera/repository";
import { restore, softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Kysely, sql } from "kysely";

/** A feature, and what has to be true where a database has it. */
interface Feature {
  readonly name: string;
  /** @throws what the caller of the feature would see, where there is none */
  probe(db: Kysely<any>): Promise<void>;
}

function mustBe(is: boolean, what: string): void {
  if (!is) throw new Error(`Not so: ${what}`);
}

async function executorOn(db: Kysely<any>, isAudited: boolean) {
  return await createExecutor(db, [
    softDeletePlugin({ onDelete: "soft", tables: ["items"] }),
    timestampsPlugin({ tables: ["items"] }),
    ...isAudited ? [auditPlugin({ tables: ["items"] })] : [],
  ]);
}

const countOf = async (db: Kysely<any>): Promise<number> =>
  Number(
    (await db.selectFrom("items").select((eb) => eb.fn.countAll().as("n"))
      .executeTakeFirstOrThrow()).n,
  );

/** The features, in the order of the columns. */
export const FEATURES: readonly Feature[] = [
  {
    name: "filters and stamps",
    async probe(db) {
      const executor = await executorOn(db, false);
      await executor.insertInto("items").values({ id: 1, sku: "a", n: 1 }).execute();
      await softDelete(executor, "items", 1);
      mustBe((await executor.selectFrom("items").selectAll().execute()).length === 0, "hidden");
      const row = await db.selectFrom("items").selectAll().executeTakeFirstOrThrow();
      mustBe(row.created_at !== null && row.deleted_at !== null, "stamped");
    },
  },
  {
    name: "audit",
    async probe(db) {
      const executor = await executorOn(db, true);
      await executor.insertInto("items").values({ id: 1, sku: "a", n: 1 }).execute();
      await executor.updateTable("items").set({ n: 2 }).execute();
      const entries = await getAuditLogs(executor, { table: "items" });
      mustBe(entries.length === 2, `${entries.length} entries`);
    },
  },
  {
    name: "`batch()`",
    async probe(db) {
      const executor = await executorOn(db, false);
      const ids = [1, 2, 1];
      await executor.batch((b) =>
        Object.fromEntries(
          ids.map((id, i) => [
            `i${i}`,
            b.add((db) => db.insertInto("items").values({ id, sku: `${i}`, n: 1 })),
          ]),
        )
      ).then(() => mustBe(false, "a duplicate is refused"), () => {});
      mustBe(await countOf(db) === 0, "nothing is half done");
      await executor.batch((b) => ({
        one: b.add((db) => db.insertInto("items").values({ id: 1, sku: "a", n: 1 }), {
          expect: { rows: 1 },
        }),
      }));
      mustBe(await countOf(db) === 1, "it is done");
    },
  },
  {
    name: "audited `batch()`",
    async probe(db) {
      const executor = await executorOn(db, true);
      await executor.batch((b) => ({
        one: b.add((db) => db.insertInto("items").values({ id: 1, sku: "a", n: 1 })),
        two: b.add((db) => db.updateTable("items").set({ n: 2 }), { expect: { rows: 1 } }),
      }));
      const entries = await getAuditLogs(executor, { table: "items" });
      mustBe(entries.length === 2, `${entries.length} entries`);
    },
  },
  {
    name: "`bulkCreate()` of 150 rows",
    async probe(db) {
      const items = createRepository(await executorOn(db, false), { tableName: "items" });
      const rows = Array.from({ length: 150 }, (_, i) => ({ id: i + 1, sku: `s${i}`, n: i }));
      mustBe((await items.bulkCreate(rows as never)).length === 150, "all are there");
    },
  },
  {
    name: "version locks",
    async probe(db) {
      const items = createRepository(await executorOn(db, false), {
        tableName: "items",
        versionColumn: "version",
      });
      await items.bulkCreate([{ id: 1, sku: "a", n: 1 }, { id: 2, sku: "b", n: 1 }] as never);
      const error = await items.bulkUpdate([
        { id: 1, data: { n: 2 } as never, version: 1 },
        { id: 2, data: { n: 2 } as never, version: 7 },
      ] as never).then(() => undefined, (error) => error);
      if (!(error instanceof StaleRowError)) throw error ?? new Error("a stale row was changed");
      const { n } = await db.selectFrom("items").select("n").where("id", "=", 1)
        .executeTakeFirstOrThrow();
      mustBe(Number(n) === 1, "nothing is half done");
    },
  },
  {
    name: "`upsertMany()` with `updateWhere`",
    async probe(db) {
      const items = createRepository(await executorOn(db, false), { tableName: "items" });
      await items.bulkCreate([{ id: 1, sku: "a", n: 1 }, { id: 2, sku: "b", n: 5 }] as never);
      const upsert = (rows: object[]) =>
        items.upsertMany(rows as never, {
          conflictColumns: ["id"],
          updateWhere: { n: { gt: 3 } },
        } as never);
      const rows = await upsert([1, 2, 3].map((id) => ({ id, sku: `s${id}`, n: 9 })));
      mustBe(rows.map(({ n }) => Number(n)).join() === "1,9,9", "one is left as it is");
      const refused = await upsert([{ id: 4, sku: "d", n: 1 }, { id: 5, sku: "d", n: 1 }])
        .then(() => false, () => true);
      mustBe(refused && await countOf(db) === 3, "nothing is half done");
    },
  },
  {
    name: "`softDelete()` with relations",
    async probe(db) {
      const relation = { table: "items", columns: "up", references: "items", onDelete: "cascade" };
      const executor = await createExecutor(db, [
        softDeletePlugin({ tables: ["items"], relations: [relation] } as never),
        auditPlugin({ tables: ["items"] }),
      ]);
      await db.insertInto("items").values([1, 2, 3].map((id) => ({
        id,
        up: id === 1 ? null : id - 1,
        sku: `s${id}`,
        n: 1,
      }))).execute();
      mustBe(await softDelete(executor, "items", 1) === 1, "it is deleted");
      const seen = async () => (await executor.selectFrom("items").select("id").execute()).length;
      mustBe(await seen() === 0, "with what belongs to it");
      mustBe(await restore(executor, "items", 1) === 1, "it is restored");
      mustBe(await seen() === 3, "with what belongs to it");
      const entries = await getAuditLogs(executor, { table: "items" });
      mustBe(entries.length === 6, `${entries.length} entries`);
    },
  },
  {
    name: "1,000 keys in a statement",
    async probe(db) {
      let statements = 0;
      const executor = await createExecutor(db, [{
        name: "counts",
        version: "1.0.0",
        aroundQuery(query, next) {
          statements++;
          return next(query);
        },
      }]);
      await db.insertInto("items").values({ id: 7, sku: "a", n: 1 }).execute();
      const items = createRepository(executor, { tableName: "items" });
      const found = await items.findByIds(
        Array.from({ length: 1_000 }, (_, i) => i + 1) as never[],
      );
      mustBe(found.length === 1, "it is found");
      mustBe(statements === 1, `${statements} statements`);
    },
  },
  {
    name: "`withTransaction()`",
    async probe(db) {
      const executor = await executorOn(db, false);
      await withTransaction(executor, async (trx) => {
        const count = await countOf(trx.db as unknown as Kysely<any>);
        await trx.db.insertInto("items").values({ id: count + 1, sku: "a", n: 1 }).execute();
      });
      mustBe(await countOf(db) === 1, "it is committed");
    },
  },
  {
    name: "streams",
    async probe(db) {
      const executor = await executorOn(db, false);
      await executor.insertInto("items").values({ id: 1, sku: "a", n: 1 }).execute();
      let rows = 0;
      for await (const _ of executor.selectFrom("items").selectAll().stream()) rows++;
      mustBe(rows === 1, `${rows} rows`);
    },
  },
  {
    name: "integers beyond 2^53",
    async probe(db) {
      const value = 9_007_199_254_740_993n;
      await db.insertInto("items").values({ id: 1, sku: "a", n: 1, big: value }).execute();
      const { big } = await db.selectFrom("items").select("big").executeTakeFirstOrThrow();
      mustBe(String(big) === String(value), `it is ${big}`);
    },
  },
];

/** Makes the table that the features are tried on. */
export async function createItems(db: Kysely<any>): Promise<void> {
  await db.schema.createTable("items").addColumn("id", "integer", (c) => c.primaryKey())
    .addColumn("sku", "varchar(40)", (c) => c.unique()).addColumn("n", "integer")
    .addColumn("big", "bigint").addColumn("version", "integer", (c) => c.defaultTo(1))
    .addColumn("created_at", sql`varchar(40)`).addColumn("updated_at", sql`varchar(40)`)
    .addColumn("deleted_at", sql`varchar(40)`).addColumn("up", "integer")
    .addColumn("deletion_id", sql`varchar(40)`).execute();
}

/**
 * Tries every feature on an empty database that has the table.
 *
 * @returns a cell for each: `yes`, or the name of the error that says that there is none
 */
export async function tryFeatures(db: Kysely<any>): Promise<string[]> {
  const cells: string[] = [];
  for (const { probe } of FEATURES) {
    await db.schema.dropTable("audit_logs").ifExists().execute();
    await db.schema.dropTable("audit_logs_batch").ifExists().execute();
    await db.deleteFrom("items").execute();
    cells.push(
      await probe(db).then(
        () => "yes",
        (error: Error) => error.name === "Error" ? error.message : error.name,
      ),
    );
  }
  return cells;
}
