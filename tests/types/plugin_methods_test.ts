/**
 * The methods that plugins add to repositories stay in the type, whichever instance of an executor a
 * repository is made on. `deno task check` is the test: none of the functions runs.
 */
import { createContext, createSchemaContext, withContext, withTransaction } from "@kysera/dal";
import { withDebug } from "@kysera/debug";
import {
  bindContext,
  createExecutor,
  createExecutorSync,
  type KyseraExecutor,
  withMetadata,
  wrapTransaction,
} from "@kysera/executor";
import { createReplicaRouter } from "@kysera/infra/replicas";
import { createORM, createRepository } from "@kysera/repository";
import type { SoftDeletePlugin } from "@kysera/soft-delete";
import {
  inEachTest,
  inTransaction,
  testInTransaction,
  type TestScope,
  testWithIsolation,
  testWithSavepoints,
} from "@kysera/testing";
import { CamelCasePlugin, type ControlledTransaction, type Kysely, type Transaction } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";

interface Database {
  posts: { id: number; title: string; deleted_at: string | null };
}
type Soft = KyseraExecutor<Database, readonly [SoftDeletePlugin]>;
const other = { name: "other", version: "1.0.0" };
const config = { tableName: "posts" } as const;

/** A function of a user's that wants the executor itself. */
function code(executor: Soft): Promise<boolean> {
  return createRepository(executor, config).softDelete(1);
}

export async function ofTransactions(executor: Soft): Promise<void> {
  await executor.transaction().setIsolationLevel("serializable").execute(async (trx) => {
    const transaction: Transaction<Database> = trx;
    await createRepository(trx, config).softDelete(1);
    await createRepository(trx.withSchema("crm"), config).softDelete(1);
    await createRepository(bindContext(trx, {}), config).softDelete(1);
    await createRepository(withMetadata(trx, {}), config).softDelete(1);
    // @ts-expect-error there is no such column
    trx.selectFrom("posts").select("titel");
    void transaction;
  });
  const controlled = await executor.startTransaction().setAccessMode("read write").execute();
  const point = await controlled.savepoint("a").execute();
  const kept: ControlledTransaction<Database, ["a"]> = point;
  await createRepository(controlled, config).softDelete(1);
  await createRepository(point, config).softDelete(1);
  await createRepository(executor, config).transaction(async (trx, posts) => {
    await posts.softDelete(1);
    await createRepository(trx, config).softDelete(1);
  });
  void kept;
}

export async function ofInstances(executor: Soft, db: Kysely<Database>): Promise<void> {
  await executor.connection().execute((one) => createRepository(one, config).softDelete(1));
  for (
    const one of [
      executor.withSchema("crm"),
      executor.withPlugin(new CamelCasePlugin()),
      executor.withoutPlugins(),
      withDebug(executor),
      createReplicaRouter(executor, { replicas: [db] }).db,
      createReplicaRouter(executor, { replicas: [db] }).session(),
      createRepository(executor, config).executor,
    ]
  ) {
    const kysely: Kysely<Database> = one;
    await createRepository(one, config).softDelete(1);
    await one.transaction().execute((trx) => createRepository(trx, config).softDelete(1));
    void kysely;
  }
  // Above an executor are its plugins, and those that are added.
  const above = await createExecutor(executor, [other]);
  await createRepository(above, config).softDelete(1);
  await createRepository(createExecutorSync(executor, [other]), config).softDelete(1);
  await createRepository(await createExecutor.lazy(() => executor, [other])(), config)
    .softDelete(1);
  await db.transaction().execute((trx) =>
    createRepository(wrapTransaction(trx, executor), config).softDelete(1)
  );
  const more = executor.withTables<{ notes: { id: number } }>();
  await createRepository(more, { tableName: "notes" }).softDelete(1);

  // A plain Kysely has none.
  const router: Kysely<Database> = createReplicaRouter(db, { replicas: [db] }).db;
  // @ts-expect-error there is no plugin
  await createRepository(withDebug(db), config).softDelete(1);
  void router;
}

export async function ofContexts(executor: Soft, db: Kysely<Database>): Promise<void> {
  const context = createContext(executor);
  await createRepository(context.db, config).softDelete(1);
  await createRepository(createContext(executor, { requestId: "r" }).db, config).softDelete(1);
  await createRepository(createSchemaContext(context, "crm").db, config).softDelete(1);
  await withContext(executor, (ctx) => createRepository(ctx.db, config).softDelete(1));
  await withTransaction(executor, async (tx) => {
    await createRepository(tx.db, config).softDelete(1);
    await withTransaction(tx, (nested) => createRepository(nested.db, config).softDelete(1));
  });
  await withTransaction(createContext(executor, { requestId: "r" }), async (tx) => {
    const id: string = tx.requestId;
    await createRepository(tx.db, config).softDelete(1);
    void id;
  });
  await withTransaction(db, (tx) => {
    const transaction: Transaction<Database> = tx.db;
    // @ts-expect-error there is no plugin
    void createRepository(tx.db, config).softDelete(1);
    void transaction;
  });

  const orm = await createORM(executor, []);
  await createRepository(orm.createContext().db, config).softDelete(1);
  await orm.createRepository((one) => createRepository(one, config)).softDelete(1);
  await orm.on({ tenant: 1 }).createRepository(config).softDelete(1);
  await orm.transaction(async (ctx, inside) => {
    await createRepository(ctx.db, config).softDelete(1);
    await inside.createRepository(config).softDelete(1);
  });
}

export async function ofTests(executor: Soft, db: Kysely<Database>): Promise<void> {
  const both = async (
    trx: Transaction<Database> & { readonly __plugins?: readonly [SoftDeletePlugin] },
    test: TestScope<Database, readonly [SoftDeletePlugin]>,
  ): Promise<void> => {
    await createRepository(trx, config).softDelete(1);
    await code(test.db);
  };
  await testInTransaction(executor, both);
  await testWithIsolation(executor, "serializable", both);
  await testWithSavepoints(executor, both);
  await inTransaction(() => executor, both)();
  const hooks = { beforeEach: () => {}, afterEach: () => {} };
  const each = inEachTest(hooks, () => Promise.resolve(executor));
  await both(each.trx, each);
  await testInTransaction(db, async (trx, test) => {
    const transaction: Transaction<Database> = trx;
    const kysely: Kysely<Database> = test.db;
    // @ts-expect-error there is no plugin
    await createRepository(trx, config).softDelete(1);
    void [transaction, kysely];
  });
}

it("the types of plugins' methods are checked when this file is", () => {
  assert.equal(typeof code, "function");
});
