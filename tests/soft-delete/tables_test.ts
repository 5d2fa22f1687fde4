import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import {
  createExecutor,
  createExecutorSync,
  describeExecutor,
  PluginValidationError,
  wrapTransaction,
} from "@kysera/executor";
import { softDelete, type SoftDeleteOptions, softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { BEFORE, time, timeType } from "./_world.ts";

// Other tests may be running on the same server: no other uses these names.
onEveryDialect("The tables of softDeletePlugin()", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  beforeEach(async () => {
    database = await dialect.open();
    db = database.db;
    for (const table of ["sdt_authors", "sdt_books"]) {
      await db.schema.createTable(table)
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("deleted_at", timeType(dialect))
        .execute();
      await fill(table);
    }
    await db.schema.createTable("sdt_labels").addColumn("id", "integer").execute();
    await db.insertInto("sdt_labels").values([{ id: 1 }, { id: 2 }]).execute();
  });
  afterEach(() => database.close());

  async function fill(table: string, within: Kysely<any> = db): Promise<void> {
    const gone = time(dialect, BEFORE);
    await within.insertInto(table)
      .values([{ id: 1, deleted_at: null }, { id: 2, deleted_at: gone }]).execute();
  }

  async function shown(executor: Kysely<any>, table: string): Promise<number[]> {
    const rows = await executor.selectFrom(`${table} as t`).select("t.id").orderBy("t.id")
      .execute();
    return rows.map(({ id }) => id);
  }

  async function refusal(options: SoftDeleteOptions): Promise<string> {
    try {
      await createExecutor(db, [softDeletePlugin(options)]);
    } catch (error) {
      assert.ok(error instanceof PluginValidationError);
      assert.equal(error.details.pluginName, "@kysera/soft-delete");
      assert.match(error.message, /^Cannot start plugin "@kysera\/soft-delete": /);
      return error.message.slice(error.message.indexOf(": ") + 2);
    }
    assert.fail("the executor was made");
  }

  it("are those that have the column, where none are listed", async () => {
    const found: string[] = [];
    const debug = (message: string): void => void found.push(message);
    const executor = await createExecutor(db, [softDeletePlugin({ logger: { debug } })]);
    assert.deepEqual(await shown(executor, "sdt_authors"), [1]);
    assert.deepEqual(await shown(executor, "sdt_books"), [1]);
    assert.deepEqual(await shown(executor, "sdt_labels"), [1, 2]);
    assert.match(found.join(), /^Soft delete applies to .*sdt_authors.*sdt_books/);
    assert.doesNotMatch(found.join(), /sdt_labels/);
  });

  it("are the listed ones only, and never the excluded ones", async () => {
    const listed = await createExecutor(db, [softDeletePlugin({ tables: ["sdt_authors"] })]);
    assert.deepEqual(await shown(listed, "sdt_authors"), [1]);
    assert.deepEqual(await shown(listed, "sdt_books"), [1, 2]);
    const excluding = await createExecutor(db, [
      softDeletePlugin({ excludeTables: ["sdt_authors"] }),
    ]);
    assert.deepEqual(await shown(excluding, "sdt_authors"), [1, 2]);
    assert.deepEqual(await shown(excluding, "sdt_books"), [1]);
    const both = await createExecutor(db, [
      softDeletePlugin({ tables: ["sdt_authors", "sdt_books"], excludeTables: ["sdt_books"] }),
    ]);
    assert.deepEqual(await shown(both, "sdt_authors"), [1]);
    assert.deepEqual(await shown(both, "sdt_books"), [1, 2]);
  });

  it("include views that show the column, which are filtered like tables", async () => {
    await db.schema.createView("sdt_shelf")
      .as(db.selectFrom("sdt_books").select(["id", "deleted_at"])).execute();
    await db.schema.createView("sdt_bin")
      .as(
        db.selectFrom("sdt_books").select(["id", "deleted_at"]).where("deleted_at", "is not", null),
      )
      .execute();
    await db.schema.createView("sdt_ids").as(db.selectFrom("sdt_books").select("id")).execute();
    const executor = await createExecutor(db, [softDeletePlugin({ excludeTables: ["sdt_bin"] })]);
    assert.deepEqual(await shown(executor, "sdt_shelf"), [1]);
    assert.deepEqual(await shown(executor, "sdt_bin"), [2]);
    // What a view reads without showing the column is past all rewriting.
    assert.deepEqual(await shown(executor, "sdt_ids"), [1, 2]);
  });

  it("must be there, and have the column: the error names what is near", async () => {
    assert.equal(
      await refusal({ tables: ["sdt_author"] }),
      'there is no table "sdt_author" (did you mean "sdt_authors"?)',
    );
    assert.equal(
      await refusal({ tables: ["elsewhere_2f81"] }),
      'there is no table "elsewhere_2f81"',
    );
    assert.equal(
      await refusal({ excludeTables: ["sdt_book"] }),
      'there is no table "sdt_book" (did you mean "sdt_books"?)',
    );
    assert.equal(
      await refusal({ tables: ["sdt_books"], deletedAtColumn: "delete_at" }),
      'table "sdt_books" has no column "delete_at" (did you mean "deleted_at"?); name the column ' +
        'with "deletedAtColumn", or take the table out of "tables"',
    );
    assert.match(
      await refusal({ tables: ["sdt_labels"] }),
      /^table "sdt_labels" has no column "deleted_at"; /,
    );
    assert.match(
      await refusal({ deletedAtColumn: "sdt_removed_at" }),
      /^no table has a column "sdt_removed_at"; create the tables first/,
    );
    assert.match(
      await refusal({ tables: ["sdt_books"], primaryKeyColumn: { sdt_authors: "key" } }),
      /^"primaryKeyColumn" names table "sdt_authors", to which the plugin does not apply$/,
    );
  });

  it("must be able to hold the value of a visible row", async () => {
    await db.schema.createTable("sdt_flagged")
      .addColumn("id", "integer").addColumn("sdt_gone", "integer", (column) => column.notNull())
      .execute();
    assert.match(
      await refusal({ tables: ["sdt_flagged"], deletedAtColumn: "sdt_gone" }),
      /^column "sdt_gone" of table "sdt_flagged" is never null, so no row of it would be visible; /,
    );
    // Found, it stops nobody who does not ask for it.
    const executor = await createExecutor(db, [softDeletePlugin({ deletedAtColumn: "sdt_gone" })]);
    await assert.rejects(shown(executor, "sdt_flagged"), /no row of it would be visible/);
    assert.deepEqual(await shown(executor, "sdt_books"), [1, 2]);
  });

  it("are taken at their word where the executor may not wait", async () => {
    const plugin = softDeletePlugin({ tables: ["sdt_books"] });
    assert.deepEqual(await shown(createExecutorSync(db, [plugin]), "sdt_books"), [1]);
    createExecutorSync(db, [softDeletePlugin({ tables: ["sdt_nowhere"] })]);
    await db.transaction().execute(async (trx) =>
      assert.deepEqual(await shown(wrapTransaction(trx, [plugin]), "sdt_books"), [1])
    );
    assert.throws(
      () => createExecutorSync(db, [softDeletePlugin()]),
      (error) => error instanceof PluginValidationError && /without waiting/.test(error.message),
    );
  });

  it("are told by describeExecutor()", async () => {
    const executor = await createExecutor(db, [
      softDeletePlugin({ tables: ["sdt_books", "sdt_authors"], onDelete: "soft" }),
    ]);
    const { plugins } = await describeExecutor(executor);
    assert.equal(plugins.length, 1);
    assert.equal(plugins[0]!.name, "@kysera/soft-delete");
    const own = plugins[0]!.tables.filter(({ table }) => /sdt_(authors|books|labels)$/.test(table));
    const effects = ['shows rows whose "deleted_at" is null', "DELETE marks rows as deleted"];
    assert.deepEqual(own.map((table) => table.effects), [effects, effects]);
    assert.match(own[0]!.table, /sdt_authors$/);
    assert.match(own[1]!.table, /sdt_books$/);
  });

  it("are known in any letter case", {
    skip: dialect.dialect !== "sqlite" && "only SQLite ignores case",
  }, async () => {
    await db.schema.createTable("Sdt_Mixed").addColumn("id", "integer")
      .addColumn("Deleted_At", "text").execute();
    await fill("sdt_mixed");
    for (
      const plugin of [
        softDeletePlugin(),
        softDeletePlugin({ tables: ["SDT_MIXED"], deletedAtColumn: "DELETED_AT" }),
      ]
    ) {
      const executor = await createExecutor(db, [plugin]);
      for (const name of ["Sdt_Mixed", "sdt_mixed", "SDT_MIXED", "main.sDt_MiXeD"]) {
        assert.deepEqual(await shown(executor, name), [1], name);
      }
      assert.equal(await softDelete(executor, "SDT_mixed", [1, 2]), 1);
      assert.deepEqual(await shown(executor, "sdt_mixed"), []);
      await db.updateTable("sdt_mixed").set({ deleted_at: null }).where("id", "=", 1).execute();
      const { plugins } = await describeExecutor(executor);
      assert.ok(plugins[0]!.tables.some(({ table }) => table === "Sdt_Mixed"));
    }
  });

  it("may be such as introspection does not list", async () => {
    if (dialect.name === "postgres" || dialect.name === "pglite") {
      await sql`create materialized view sdt_snapshot as select * from sdt_books`.execute(db);
      const executor = await createExecutor(db, [softDeletePlugin({ tables: ["sdt_snapshot"] })]);
      assert.deepEqual(await shown(executor, "sdt_snapshot"), [1]);
      await createExecutor(db, [softDeletePlugin({ excludeTables: ["sdt_snapshot"] })]);
    } else if (dialect.dialect === "sqlite") {
      await sql`create temporary table sdt_scratch (id integer, deleted_at text)`.execute(db);
      await fill("sdt_scratch");
      const executor = await createExecutor(db, [softDeletePlugin({ tables: ["sdt_scratch"] })]);
      assert.deepEqual(await shown(executor, "sdt_scratch"), [1]);
      assert.deepEqual(await shown(executor, "temp.sdt_scratch"), [1]);
      await createExecutor(db, [softDeletePlugin({ excludeTables: ["sdt_scratch"] })]);
    }
  });

  it(
    "of another schema",
    { skip: dialect.dialect !== "postgres" && "there is one schema" },
    async () => {
      const { schema } = await db.selectNoFrom(sql<string>`current_schema()`.as("schema"))
        .executeTakeFirstOrThrow();
      const other = `${schema}_other`;
      await db.schema.createSchema(other).execute();
      try {
        const there = db.withSchema(other);
        await there.schema.createTable("sdt_books").addColumn("id", "integer").execute();
        await there.insertInto("sdt_books").values([{ id: 1 }, { id: 2 }]).execute();
        await there.schema.createTable("sdt_labels")
          .addColumn("id", "integer").addColumn("deleted_at", timeType(dialect)).execute();
        await fill("sdt_labels", there);

        // Found: each table by what it has; without a schema a name may mean any of them.
        const finding = await createExecutor(db, [softDeletePlugin()]);
        assert.deepEqual(await shown(finding, "sdt_books"), [1]);
        assert.deepEqual(await shown(finding.withSchema(schema), "sdt_books"), [1]);
        assert.deepEqual(await shown(finding.withSchema(other), "sdt_books"), [1, 2]);
        assert.deepEqual(await shown(finding.withSchema(other), "sdt_labels"), [1]);
        assert.deepEqual(await shown(finding, `${schema}.sdt_labels`), [1, 2]);
        await assert.rejects(shown(finding, "sdt_labels"), /deleted_at/);
        const excluding = await createExecutor(db, [
          softDeletePlugin({ excludeTables: [`${other}.sdt_labels`] }),
        ]);
        assert.deepEqual(await shown(excluding, "sdt_labels"), [1, 2]);
        assert.deepEqual(await shown(excluding.withSchema(other), "sdt_labels"), [1, 2]);

        // Listed with its schema: that table, and names without one.
        const listed = await createExecutor(db, [
          softDeletePlugin({ tables: [`${schema}.sdt_books`, `${other}.sdt_labels`] }),
        ]);
        assert.deepEqual(await shown(listed, "sdt_books"), [1]);
        assert.deepEqual(await shown(listed.withSchema(other), "sdt_books"), [1, 2]);
        assert.deepEqual(await shown(listed.withSchema(other), "sdt_labels"), [1]);
        assert.deepEqual(await shown(listed, `${schema}.sdt_labels`), [1, 2]);
        assert.equal(await softDelete(listed, `${other}.sdt_labels`, 1), 1);

        // Listed without: every schema.
        const everywhere = await createExecutor(db, [softDeletePlugin({ tables: ["sdt_books"] })]);
        await assert.rejects(shown(everywhere, `${other}.sdt_books`), /deleted_at/);
        assert.match(
          await refusal({ tables: [`${other}.sdt_books`] }),
          /^table ".*_other\.sdt_books" has no column "deleted_at"/,
        );
      } finally {
        await db.schema.dropSchema(other).cascade().execute();
      }
    },
  );
});
