import {
  createExecutor,
  createExecutorSync,
  describeExecutor,
  getPluginHooks,
  withMetadata,
} from "@kysera/executor";
import type { Plugin, PluginHooks, PluginHost } from "@kysera/executor";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { dummy } from "./dummy.ts";
import { hideDeleted, inWorld, schemaOf } from "./world.ts";

/** Finds out which tables have the column, and hides their rows where it is set. */
const hideBy = (column: string, dialect: TestDialect): Plugin => ({
  name: "hide-by",
  version: "1.0.0",
  async setup(host): Promise<PluginHooks> {
    const own = await schemaOf(host.db, dialect);
    const tables = (await host.tables()).filter(({ schema }) => (schema ?? own) === own);
    const names = new Set(
      tables.filter((table) => table.columns.some((each) => each.name === column))
        .map((table) => table.name),
    );
    return {
      stable: true,
      appliesTo: (table) => names.has(table.name),
      filter: (reference, { eb }) => eb(reference.column(column), "is", null),
      describe: () => [`hides rows whose ${column} is set`],
    };
  },
});

onEveryDialect("setup", (dialect) => {
  it("is told what tables the database has, and makes hooks of it", () =>
    inWorld(dialect, async ({ executor }) => {
      assert.equal((await executor.selectFrom("users").select("id").execute()).length, 3);
      assert.equal((await executor.selectFrom("posts").select("id").execute()).length, 3);
      assert.equal((await executor.selectFrom("tags").select("id").execute()).length, 2);
    }, { with: [hideBy("deleted_at", dialect)] }));

  it("asks the database for its tables once, whoever asks", () =>
    inWorld(dialect, async ({ db }) => {
      const hosts: PluginHost[] = [];
      const spy = (name: string): Plugin => ({
        name,
        version: "1.0.0",
        setup(host) {
          hosts.push(host);
          return host.tables().then(() => ({}));
        },
      });
      const below = await createExecutor(db, [spy("a"), spy("b")]);
      await createExecutor(below, [spy("c")]);
      const lists = await Promise.all(hosts.map((host) => host.tables()));
      assert.equal(lists[0], lists[1]);
      assert.ok(hosts.every((host) => host.dialect === dialect.dialect));
      assert.ok(hosts.every((host) => host.db === db));
      assert.ok(hosts.every((host) => host.canWait));
    }, { with: [] }));

  it("is told the names that the database has for tables and columns", async () => {
    const hosts: PluginHost[] = [];
    const spy: Plugin = {
      name: "spy",
      version: "1.0.0",
      setup(host) {
        hosts.push(host);
        return {};
      },
    };
    createExecutorSync(dummy(dialect.dialect, [new CamelCasePlugin()]), [spy]);
    createExecutorSync(dummy(dialect.dialect), [spy]);
    const [camel, plain] = hosts;
    assert.equal(camel!.physicalName("userAccounts"), "user_accounts");
    assert.equal(camel!.physicalColumn("deletedAt"), "deleted_at");
    assert.equal(plain!.physicalColumn("deletedAt"), "deletedAt");
    assert.equal(
      plain!.physicalName("userAccounts"),
      dialect.dialect === "postgres" ? "userAccounts" : "useraccounts",
    );
    assert.equal(camel!.canWait, false);
    await Promise.resolve();
  });
});

onEveryDialect("onInit", (dialect) => {
  it("can make a table of its plugin's own, and query through the executor", () =>
    inWorld(dialect, async ({ db }) => {
      const counts: number[] = [];
      const log: Plugin = {
        name: "log",
        version: "1.0.0",
        dependencies: ["hide-deleted"],
        async onInit(executor) {
          await executor.schema.createTable("log").addColumn("n", "integer").execute();
          const rows = await executor.selectFrom("users").select("id").execute();
          counts.push(rows.length);
          await executor.transaction().execute((trx) =>
            trx.insertInto("log").values({ n: rows.length }).execute()
          );
        },
      };
      const executor: Kysely<any> = await createExecutor(db, [log, hideDeleted]);
      assert.deepEqual(counts, [3]);
      assert.deepEqual(await executor.selectFrom("log").selectAll().execute(), [{ n: 3 }]);
    }, { with: [] }));
});

onEveryDialect("describeExecutor()", (dialect) => {
  it("says what each plugin does to each table of the database", () =>
    inWorld(dialect, async ({ db }) => {
      const soft: Plugin = {
        ...hideDeleted,
        name: "soft",
        appliesTo: ({ name }) => name === "users",
        rewriteDelete: () => ({ set: { deleted_at: "now" } }),
        stamp: () => undefined,
        check: () => undefined,
      };
      const executor = await createExecutor(db, [soft, hideBy("user_id", dialect)]);
      const { plugins } = await describeExecutor(executor);
      const effects = plugins.map(({ name, tables }) => [
        name,
        // Tables of other schemas, where the server has some, are of no interest here.
        [...new Set(tables.map(({ table }) => table.split(".").at(-1)))],
        tables[0]?.effects,
      ]);
      assert.deepEqual(effects[1], ["hide-by", ["posts"], ["hides rows whose user_id is set"]]);
      const [name, tables, what] = effects[0]!;
      assert.equal(name, "soft");
      assert.deepEqual(tables, ["users"]);
      assert.ok((what as string[]).includes("filters rows"), String(what));
      assert.ok((what as string[]).some((each) => /DELETE/.test(each)), String(what));
    }, { with: [] }));

  it("can be asked through any instance, in a transaction too", () =>
    inWorld(dialect, async ({ executor }) => {
      const expected = await describeExecutor(executor);
      assert.deepEqual(
        (await describeExecutor(withMetadata(executor, { a: 1 }))).plugins,
        expected.plugins,
      );
      await executor.transaction().execute(async (trx) => {
        assert.deepEqual(await describeExecutor(trx), expected);
      });
    }));
});

onEveryDialect("getPluginHooks()", (dialect) => {
  it("gives what a plugin's setup made, for each layer that has the plugin", () =>
    inWorld(dialect, async ({ db }) => {
      const below = await createExecutor(db, [hideBy("deleted_at", dialect)]);
      const above = await createExecutor(below, [hideBy("user_id", dialect)]);
      const made = (handle: Kysely<any>) =>
        getPluginHooks(handle, "hide-by").filter(({ describe }) => describe !== undefined);
      assert.equal(made(below).length, 1);
      assert.equal(made(above).length, 2);
      assert.deepEqual(made(above)[1]!.describe!({ name: "posts", schema: undefined }), [
        "hides rows whose user_id is set",
      ]);
      assert.deepEqual(getPluginHooks(above, "other"), []);
      assert.deepEqual(getPluginHooks(db, "hide-by"), []);
      assert.equal((await above.selectFrom("posts").select("id").execute()).length, 0);
      assert.equal((await sql`select * from posts`.execute(above)).rows.length, 4);
    }, { with: [] }));
});
