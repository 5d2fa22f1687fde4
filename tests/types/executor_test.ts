/**
 * What the types of the executor promise. `deno task check` is the test: a line under
 * `@ts-expect-error` that compiles is an error. None of the code but the end of the file runs.
 */
import {
  type AnyKyseraExecutor,
  applyPlugins,
  type Attributes,
  bindContext,
  createExecutor,
  createExecutorSync,
  destroyExecutor,
  type ExecutorConfig,
  type ExecutorOf,
  getContext,
  getPlugins,
  getRawDb,
  isKyseraExecutor,
  type KyseraExecutor,
  type KyseraExecutorMarker,
  type KyseraTransaction,
  type Plugin,
  type QueryBuilderContext,
  withMetadata,
  wrapTransaction,
} from "@kysera/executor";
import {
  type ControlledTransaction,
  type Generated,
  type Kysely,
  sql,
  type Transaction,
} from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";

interface Database {
  users: { id: Generated<number>; email: string; active: boolean };
  posts: { id: Generated<number>; user_id: number; title: string };
}

/** Whether two types are the same, which assignability both ways does not say. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

function isTrue<_T extends true>(): void {}

interface SoftDelete extends Plugin {
  readonly name: "soft-delete";
}
interface Audit extends Plugin {
  readonly name: "audit";
}

export async function executors(
  db: Kysely<Database>,
  soft: SoftDelete,
  audit: Audit,
): Promise<void> {
  const executor = await createExecutor(db, [soft, audit]);
  const sync = createExecutorSync(db, [soft]);

  // An executor is a Kysely of the same database, wherever one is asked for.
  const kysely: Kysely<Database> = executor;
  const marker: KyseraExecutorMarker = executor;
  const any: AnyKyseraExecutor<Database> = executor;
  const asParameter = (_: Kysely<Database>): void => {};
  asParameter(executor);
  asParameter(sync);

  // It carries its plugins' types.
  isTrue<Same<typeof executor, KyseraExecutor<Database, readonly [SoftDelete, Audit]>>>();
  isTrue<Same<(typeof executor)["__plugins"], readonly [SoftDelete, Audit]>>();
  isTrue<Same<(typeof sync)["__plugins"][0]["name"], "soft-delete">>();
  isTrue<Same<(typeof executor)["__kysera"], true>>();
  const list: Plugin[] = [soft];
  const loose: KyseraExecutor<Database> = await createExecutor(db, list);
  // @ts-expect-error the plugins cannot be changed
  executor.__plugins = [soft, audit];

  // Without plugins, and with options.
  const none: Kysely<Database> = await createExecutor(db);
  const empty: Kysely<Database> = await createExecutor(db, [], { rawSql: "deny", enabled: false });
  // @ts-expect-error there is no such option
  await createExecutor(db, [], { enable: false });
  // @ts-expect-error there is no such rule
  await createExecutor(db, [], { rawSql: "forbid" });
  // @ts-expect-error this is not a Kysely
  await createExecutor({}, []);
  // @ts-expect-error this is not a plugin
  await createExecutor(db, [{ name: "x" }]);
  const options: ExecutorConfig = { tableFunctions: ["my_rows"], dialect: "postgres" };

  // An executor of an executor.
  const above = await createExecutor(executor, [audit]);
  const aboveKysely: Kysely<Database> = above;
  above.selectFrom("users").select("email");
  // @ts-expect-error there is no such table
  above.selectFrom("user");

  void [kysely, marker, any, loose, none, empty, options, aboveKysely];
}

export async function plugins(db: Kysely<Database>): Promise<void> {
  // Plugins that are written in place have their parameters' types.
  await createExecutor(db, [
    {
      name: "a",
      version: "1.0.0",
      filter: (users, { eb, context, metadata, value }) => {
        isTrue<Same<typeof context, Attributes | undefined>>();
        isTrue<Same<typeof metadata, Attributes>>();
        return eb(users.column("tenant"), "=", value((bound) => bound?.["tenant"]));
      },
    },
    { name: "b", version: "1.0.0", aroundQuery: (query, next) => next(query) },
    { name: "c", version: "1.0.0", interceptQuery: (qb) => qb.where("active", "=", true) },
  ]);
  // @ts-expect-error a filter answers with an expression
  await createExecutor(db, [{ name: "a", version: "1.0.0", filter: () => "id = 1" }]);
  // @ts-expect-error an interceptor answers with a query
  await createExecutor(db, [{ name: "a", version: "1.0.0", interceptQuery: () => {} }]);
}

/** The plugin of the specification, word for word. */
export const myPlugin: Plugin = {
  name: "my-plugin",
  version: "1.0.0",

  // Called when executor is initialized
  async onInit(executor) {
    await executor.selectFrom("users").selectAll().execute();
  },

  // Called when executor is destroyed (new in 0.7.3)
  async onDestroy() {
    // Cleanup resources, close connections, clear timers
  },

  // Intercept queries before execution
  interceptQuery(qb, context) {
    if (context.operation === "select") {
      return qb.where("active", "=", true);
    }
    return qb;
  },
};

export const conditions: Plugin = {
  name: "conditions",
  version: "1.0.0",
  dependencies: ["a"],
  conflictsWith: ["b"],
  priority: 10,
  interceptQuery(qb, { ref, tables, metadata, operation }) {
    // @ts-expect-error there is no such statement
    if (operation === "upsert") return qb;
    if (metadata["includeDeleted"] === true) return qb;
    return (tables ?? [])
      .reduce((out, table) => out.where(table.column("deleted_at"), "is", null), qb)
      .where(ref!("tenant"), "=", 1)
      .where((eb) => eb("id", ">", 1))
      .where(sql<boolean>`id is not null`)
      .whereRef("a", "=", "b");
  },
  extendRepository(repository) {
    return { ...repository, extra: 1 };
  },
};

export function transactions(
  executor: KyseraExecutor<Database, readonly [SoftDelete]>,
  audit: Audit,
): Promise<void> {
  return executor.transaction().setIsolationLevel("serializable").execute(async (trx) => {
    const transaction: Transaction<Database> = trx;
    const takesTransaction = (_: Transaction<Database>): void => {};
    takesTransaction(trx);
    await trx.selectFrom("users").select("email").execute();
    // @ts-expect-error there is no such column
    trx.selectFrom("users").select("mail");

    // The same kind of handle comes back.
    isTrue<Same<typeof bound, typeof trx>>();
    const bound = bindContext(trx, { tenant: 1 });
    isTrue<Same<typeof flagged, typeof trx>>();
    const flagged = withMetadata(trx, { includeDeleted: true });

    const wrapped = wrapTransaction(trx, [audit]);
    isTrue<Same<typeof wrapped, KyseraTransaction<Database, readonly [Audit]>>>();
    takesTransaction(wrapped);
    const byExecutor = wrapTransaction(trx, executor);
    takesTransaction(byExecutor);
    byExecutor.selectFrom("posts").select("title");

    const raw: Transaction<Database> = getRawDb(trx);
    const rawWrapped: Transaction<Database> = getRawDb(wrapped);
    void [transaction, raw, rawWrapped, bound, flagged];
  });
}

export async function controlled(executor: KyseraExecutor<Database>): Promise<void> {
  const trx: ControlledTransaction<Database> = await executor.startTransaction().execute();
  const bound: ControlledTransaction<Database> = bindContext(trx, {});
  const point: ControlledTransaction<Database, ["a"]> = await bound.savepoint("a").execute();
  const raw: Transaction<Database> = getRawDb(trx);
  await point.releaseSavepoint("a").execute();
  void raw;
}

export function handles(executor: KyseraExecutor<Database, readonly [SoftDelete]>): void {
  const bound = bindContext(executor, { tenant: 1 });
  isTrue<Same<typeof bound, KyseraExecutor<Database, readonly [SoftDelete]>>>();
  const raw = getRawDb(executor);
  const kysely: Kysely<Database> = raw;
  raw.selectFrom("users").select("email");
  // @ts-expect-error there is no such table
  raw.selectFrom("user");
  const context: Attributes | undefined = getContext(executor);
  const plugins: readonly Plugin[] = getPlugins(executor);
  // @ts-expect-error a context is an object
  bindContext(executor, 5);
  // @ts-expect-error it is frozen
  getContext(executor)!["tenant"] = 2;
  const done: Promise<void> = destroyExecutor(executor);
  // @ts-expect-error this is not an executor
  void destroyExecutor({});
  const unknown: unknown = executor;
  if (isKyseraExecutor(unknown)) {
    const narrowed: KyseraExecutorMarker & Kysely<any> = unknown;
    void narrowed;
  }
  void [kysely, context, plugins, done];
}

export function queries(executor: KyseraExecutor<Database>): void {
  const rows: Promise<{ email: string; title: string | null }[]> = executor
    .selectFrom("users as u")
    .leftJoin("posts as p", "p.user_id", "u.id")
    .select(["u.email", "p.title"])
    .execute();
  executor.insertInto("users").values({ email: "a@example.org", active: true });
  // @ts-expect-error there is no such table
  executor.selectFrom("user");
  // @ts-expect-error there is no such column
  executor.selectFrom("users").select("name");
  // @ts-expect-error a column is missing
  executor.insertInto("users").values({ email: "a@example.org" });
  // @ts-expect-error the column has another type
  executor.updateTable("users").set({ active: "yes" });
  // @ts-expect-error there is no such column in the other table
  executor.selectFrom("users").innerJoin("posts", "posts.author_id", "users.id");
  // @ts-expect-error there is no such table in a handle of it
  executor.withSchema("crm").deleteFrom("user");
  void rows;
}

/** A function of a user's, which takes whatever a query can be run on. */
async function emails<DB extends Database>(db: ExecutorOf<DB>): Promise<string[]> {
  const rows = await db.selectFrom("users").select("email").execute();
  return rows.map(({ email }) => email as string);
}

export async function parameters(
  db: Kysely<Database>,
  trx: Transaction<Database>,
  executor: KyseraExecutor<Database>,
): Promise<void> {
  await Promise.all([emails(db), emails(trx), emails(executor)]);
}

export function builders(db: Kysely<Database>, soft: SoftDelete): void {
  const context: QueryBuilderContext = { operation: "select", table: "users", metadata: {} };
  const query = db.selectFrom("users").select("email");
  isTrue<Same<typeof applied, typeof query>>();
  const applied = applyPlugins(query, [soft], context);
  // @ts-expect-error the statement is missing
  applyPlugins(query, [soft], { table: "users", metadata: {} });
  void applied;
}

it("the types of the executor are checked when this file is", () => {
  assert.equal(typeof myPlugin.interceptQuery, "function");
});
