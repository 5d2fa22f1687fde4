import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { createExecutor, createExecutorSync, PluginValidationError } from "@kysera/executor";
import { type TimestampsOptions, timestampsPlugin, touch } from "@kysera/timestamps";
import { CamelCasePlugin, type Kysely } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { timeType } from "./_world.ts";

// Other tests may be running on the same server: no other uses these names.
onEveryDialect("The tables of timestampsPlugin()", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  async function open(camelCase = false): Promise<void> {
    database = await dialect.open(camelCase ? { plugins: [new CamelCasePlugin()] } : {});
    db = database.db;
    const bare = db.withoutPlugins();
    const table = (name: string) =>
      bare.schema.createTable(name).addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("name", "varchar(20)");
    const type = timeType(dialect);
    await table("tst_both").addColumn("tst_made_at", type).addColumn("tst_changed_at", type)
      .execute();
    await table("tst_made").addColumn("tst_made_at", type).execute();
    await table("tst_none").execute();
  }
  afterEach(() => database.close());

  const columns = { createdAtColumn: "tst_made_at", updatedAtColumn: "tst_changed_at" };

  /** Which columns of a new row are set: `made`, `changed`. */
  async function set(executor: Kysely<any>, table: string): Promise<string[]> {
    await db.deleteFrom(table).execute();
    await executor.insertInto(table).values({ id: 1, name: "x" }).execute();
    const row = await db.selectFrom(table).selectAll().executeTakeFirstOrThrow();
    return Object.entries(row).filter(([name, value]) => /At$|_at$/.test(name) && value !== null)
      .map(([name]) => /made/i.test(name) ? "made" : "changed").sort();
  }

  async function refusal(options: TimestampsOptions): Promise<string> {
    try {
      await createExecutor(db, [timestampsPlugin({ ...columns, ...options })]);
    } catch (error) {
      assert.ok(error instanceof PluginValidationError);
      assert.match(error.message, /^Cannot start plugin "@kysera\/timestamps": /);
      return error.message.slice(error.message.indexOf(": ") + 2);
    }
    assert.fail("the executor was made");
  }

  it("are those that have a column, found or listed, and each has its own", async () => {
    await open();
    const messages: string[] = [];
    const found = await createExecutor(db, [
      timestampsPlugin({ ...columns, logger: { debug: (text) => messages.push(text) } }),
    ]);
    const all = ["tst_both", "tst_made", "tst_none"];
    const sets = async (executor: Kysely<any>): Promise<string[]> => {
      const out: string[] = [];
      for (const table of all) out.push((await set(executor, table)).join(" "));
      return out;
    };
    assert.deepEqual(await sets(found), ["changed made", "made", ""]);
    assert.match(messages.join(), /^Timestamps apply to .*tst_both.*tst_made/);
    assert.doesNotMatch(messages.join(), /tst_none/);

    const listed = await createExecutor(db, [
      timestampsPlugin({ ...columns, tables: ["tst_both", "tst_made"] }),
    ]);
    assert.deepEqual(await sets(listed), ["changed made", "made", ""]);
    const some = await createExecutor(db, [timestampsPlugin({ ...columns, tables: ["tst_made"] })]);
    assert.deepEqual(await sets(some), ["", "made", ""]);
    const others = await createExecutor(db, [
      timestampsPlugin({ ...columns, excludeTables: ["tst_both"] }),
    ]);
    assert.deepEqual(await sets(others), ["", "made", ""]);

    // Taken at its word, where the database cannot be asked.
    const sync = createExecutorSync(db, [timestampsPlugin({ ...columns, tables: ["tst_both"] })]);
    assert.deepEqual(await sets(sync), ["changed made", "", ""]);
    assert.throws(() => createExecutorSync(db, [timestampsPlugin(columns)]), PluginValidationError);
  });

  it("must be there, and have a column: the error names what is near", async () => {
    await open();
    assert.match(
      await refusal({ createdAtColumn: "tst_mad_at", updatedAtColumn: null }),
      /^no table has a column "tst_mad_at" \(did you mean "tst_made_at"\?\); create .* "createdAtColumn"$/,
    );
    assert.match(
      await refusal({ createdAtColumn: "nowhere", updatedAtColumn: "no_such" }),
      /^no table has a column "nowhere" or "no_such"; .* with "createdAtColumn" or "updatedAtColumn"$/,
    );
    assert.match(await refusal({ tables: ["tst_bot"] }), /^there is no table "tst_bot" \(did you/);
    assert.match(
      await refusal({ tables: ["tst_none"] }),
      /^table "tst_none" has no column "tst_made_at" or "tst_changed_at"; /,
    );
    assert.match(await refusal({ excludeTables: ["tst_bot"] }), /^there is no table "tst_bot"/);
    assert.match(
      await refusal({ tables: ["tst_both"], primaryKeyColumn: { tst_made: "id" } }),
      /^"primaryKeyColumn" names table "tst_made", to which the plugin does not apply$/,
    );
  });

  it("are the same through a CamelCasePlugin that only a handle has", async () => {
    await open();
    const executor: Kysely<any> = await createExecutor(db, [timestampsPlugin(columns)]);
    const camel = executor.withPlugin(new CamelCasePlugin());
    await camel.insertInto("tstBoth").values({ id: 1, name: "x", tstChangedAt: null }).execute();
    const row = await db.selectFrom("tst_both").selectAll().executeTakeFirstOrThrow();
    assert.notEqual(row.tst_made_at, null);
    assert.equal(row.tst_changed_at, null);
    assert.equal(await touch(camel, "tstBoth", 1), 1);
    const touched = await db.selectFrom("tst_both").selectAll().executeTakeFirstOrThrow();
    assert.notEqual(touched.tst_changed_at, null);
  });

  it("are the same through CamelCasePlugin", async () => {
    await open(true);
    for (
      const options of [
        columns,
        { createdAtColumn: "tstMadeAt", updatedAtColumn: "tstChangedAt", tables: ["tstBoth"] },
        { ...columns, tables: ["tst_both"] },
      ]
    ) {
      const executor = await createExecutor(db, [timestampsPlugin(options)]);
      assert.deepEqual(await set(executor, "tstBoth"), ["changed", "made"]);
      assert.equal(await touch(executor, "tstBoth", 1), 1);
      await executor.updateTable("tstBoth").set({ tstChangedAt: null, name: "y" }).execute();
      const kept = await db.selectFrom("tstBoth").selectAll().executeTakeFirstOrThrow();
      assert.equal(kept.tstChangedAt, null);
      await executor.withoutPlugins().updateTable("tst_both").set({ name: "z" }).execute();
      const row = await db.selectFrom("tstBoth").selectAll().executeTakeFirstOrThrow();
      assert.notEqual(row.tstChangedAt, null);
    }
  });
});
