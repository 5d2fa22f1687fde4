import assert from "node:assert/strict";
import { it } from "node:test";
import { createExecutor, createExecutorSync } from "@kysera/executor";
import {
  hardDelete,
  onlyDeleted,
  restore,
  softDelete,
  softDeletePlugin,
  withDeleted,
} from "@kysera/soft-delete";
import { CamelCasePlugin, type Kysely } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { BEFORE, time, timeType } from "./_world.ts";

interface Database {
  userAccounts: { accountId: number; deletedAt: Date | string | null };
}

onEveryDialect("softDeletePlugin() and CamelCasePlugin", (dialect) => {
  async function withDatabase(
    camelCase: boolean,
    use: (db: Kysely<Database>) => Promise<void>,
  ): Promise<void> {
    const { db, close } = await dialect.open(
      camelCase ? { plugins: [new CamelCasePlugin()] } : {},
    );
    try {
      const bare: Kysely<any> = db.withoutPlugins();
      await bare.schema.createTable("user_accounts")
        .addColumn("account_id", "integer", (column) => column.primaryKey())
        .addColumn("deleted_at", timeType(dialect))
        .execute();
      await bare.insertInto("user_accounts").values([
        { account_id: 1, deleted_at: null },
        { account_id: 2, deleted_at: time(dialect, BEFORE) },
      ]).execute();
      await use(db);
    } finally {
      await close();
    }
  }

  const ids = async (db: Kysely<Database>): Promise<number[]> => {
    const rows = await db.selectFrom("userAccounts as u").select("u.accountId")
      .orderBy("u.accountId").execute();
    return rows.map(({ accountId }) => accountId);
  };

  it("agree on names, in whichever case the options are written", async () => {
    for (
      const options of [
        { primaryKeyColumn: "accountId" },
        { deletedAtColumn: "deletedAt", primaryKeyColumn: { userAccounts: "accountId" } },
        { tables: ["userAccounts"], deletedAtColumn: "deletedAt", primaryKeyColumn: "accountId" },
        { tables: ["user_accounts"], primaryKeyColumn: { user_accounts: "accountId" } },
      ]
    ) {
      await withDatabase(true, async (db) => {
        const executor = await createExecutor(db, [softDeletePlugin(options)]);
        assert.deepEqual(await ids(executor), [1]);
        assert.deepEqual(await ids(onlyDeleted(executor)), [2]);
        assert.equal(await softDelete(executor, "userAccounts", 1), 1);
        assert.equal(await restore(executor, "userAccounts", { accountId: 2 }), 1);
        assert.deepEqual(await ids(executor), [2]);
        assert.deepEqual(await ids(withDeleted(executor)), [1, 2]);
        await executor.transaction().execute(async (trx) => {
          assert.equal(await hardDelete(trx, "userAccounts", [1, 2]), 2);
        });
        assert.deepEqual(await ids(withDeleted(executor)), []);
      });
    }
  });

  it("agree where the plugin is added to the executor afterwards", async () => {
    await withDatabase(false, async (db) => {
      const bare = createExecutorSync(db, [
        softDeletePlugin({ tables: ["user_accounts"], primaryKeyColumn: "account_id" }),
      ]);
      const executor: Kysely<Database> = bare.withPlugin(new CamelCasePlugin());
      assert.deepEqual(await ids(executor), [1]);
    });
  });

  it("agree where the executor goes without the plugin", async () => {
    await withDatabase(true, async (db) => {
      const executor = await createExecutor(db, [
        softDeletePlugin({ deletedAtColumn: "deletedAt" }),
      ]);
      const bare: Kysely<any> = executor.withoutPlugins();
      assert.deepEqual(
        await bare.selectFrom("user_accounts").select("account_id").execute(),
        [{ account_id: 1 }],
      );
    });
  });
});
