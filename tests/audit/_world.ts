/**
 * The tables that the audit plugin is tested on.
 */
import {
  type AuditEntry,
  type AuditOptions,
  auditPlugin,
  createAuditTable,
  createAuditTriggers,
  getAuditLogs,
} from "@kysera/audit";
import { createExecutor, type KyseraExecutor, type Plugin } from "@kysera/executor";
import type { CompiledQuery, Dialect, Driver, Kysely, QueryResult } from "kysely";
import type { TestDialect, TestOpenOptions } from "../support/matrix.ts";

export interface Database {
  people: {
    id: number;
    email: string | null;
    name: string | null;
    age: number | null;
    deleted_at: string | null;
  };
  notes: { owner: number; place: number; text: string | null };
  loose: { a: number | null; b: string | null };
}

export interface World {
  /** Without the plugin. */
  readonly db: Kysely<Database>;
  readonly executor: KyseraExecutor<Database>;
  /** What the plugin wrote down, the oldest first: `INSERT people 1`. */
  log(): Promise<string[]>;
  entries(): Promise<AuditEntry[]>;
  /** The SQL of what ran since the last call. */
  statements(): string[];
  /** Forgets the entries. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** A world with some people in it: Ada 36, Bob 20, Cid 20. */
export async function openWorld(
  dialect: TestDialect,
  options: AuditOptions = {},
  more: { plugins?: readonly Plugin[]; open?: TestOpenOptions } = {},
): Promise<World> {
  const ran: string[] = [];
  const test = await dialect.open({
    ...more.open,
    wrap: (real) => {
      const inner = more.open?.wrap?.(real) ?? real;
      return recording(inner, (query) => ran.push(query.sql));
    },
  });
  const db: Kysely<Database> = test.db;
  await createTables(db, dialect);
  const { auditTable, hashChain } = options;
  await createAuditTable(db, { auditTable, hashChain: hashChain !== undefined });
  if (options.mode === "trigger") await createTriggers(db, options);
  const executor = await createExecutor(db, [...more.plugins ?? [], auditPlugin(options)]);
  ran.length = 0;
  const entries = async (): Promise<AuditEntry[]> => (await getAuditLogs<any>(executor)).reverse();
  return {
    db,
    executor: executor as unknown as KyseraExecutor<Database>,
    entries,
    log: async () =>
      (await entries()).map((entry) => `${entry.operation} ${entry.table_name} ${entry.entity_id}`),
    statements: () => ran.splice(0),
    async clear() {
      await (db as Kysely<any>).deleteFrom(auditTable ?? "audit_logs").execute();
      ran.length = 0;
    },
    close: test.close,
  };
}

/** Runs a test in a world whose log is written by triggers. */
export async function inTriggerWorld(
  dialect: TestDialect,
  body: (world: World & { readonly any: Kysely<any> }) => Promise<void>,
  options: AuditOptions = {},
): Promise<void> {
  const world = await openWorld(dialect, { mode: "trigger", ...options });
  try {
    await body({ ...world, any: world.executor as Kysely<any> });
  } finally {
    await world.close();
  }
}

/** The triggers of all tables, for the options of a plugin. */
export async function createTriggers(
  db: Kysely<any>,
  options: AuditOptions = {},
  tables: readonly string[] = ["people", "notes", "loose"],
): Promise<void> {
  const {
    auditTable,
    primaryKeyColumn,
    captureOldValues,
    captureNewValues,
    allowColumns,
    denyColumns,
    maskColumns,
    deletedAtColumn,
  } = options;
  await createAuditTriggers(db, {
    tables,
    auditTable,
    primaryKeyColumn,
    captureOldValues,
    captureNewValues,
    allowColumns,
    denyColumns,
    maskColumns,
    deletedAtColumn,
  });
}

export async function createTables(
  db: Kysely<any>,
  { dialect }: Pick<TestDialect, "dialect">,
): Promise<void> {
  let people = db.schema.createTable("people");
  if (dialect === "sqlite") {
    people = people.addColumn("id", "integer", (column) => column.primaryKey().autoIncrement());
  } else if (dialect === "mysql") {
    people = people.addColumn("id", "integer", (column) => column.primaryKey().autoIncrement());
  } else {
    people = people.addColumn("id", "serial", (column) => column.primaryKey());
  }
  await people
    .addColumn("email", "varchar(100)", (column) => column.unique())
    .addColumn("name", "varchar(100)")
    .addColumn("age", "integer", (column) => column.defaultTo(7))
    .addColumn("deleted_at", "varchar(100)")
    .execute();
  await db.schema.createTable("notes")
    .addColumn("owner", "integer", (column) => column.notNull())
    .addColumn("place", "integer", (column) => column.notNull())
    .addColumn("text", "varchar(100)")
    .addPrimaryKeyConstraint("notes_key", ["owner", "place"])
    .execute();
  await db.schema.createTable("loose")
    .addColumn("a", "integer")
    .addColumn("b", "varchar(100)")
    .execute();
  await db.insertInto("people").values([
    { email: "ada@x", name: "Ada", age: 36 },
    { email: "bob@x", name: "Bob", age: 20 },
    { email: "cid@x", name: "Cid", age: 20 },
  ]).execute();
  await db.insertInto("notes").values([
    { owner: 1, place: 1, text: "one" },
    { owner: 1, place: 2, text: "two" },
    { owner: 2, place: 1, text: "three" },
  ]).execute();
}

/** A dialect that tells which statements it runs. */
export function recording(dialect: Dialect, tell: (query: CompiledQuery) => void): Dialect {
  return running(dialect, (query, run) => {
    tell(query);
    return run();
  });
}

/** A dialect whose rows are changed before anybody sees them. */
export function answering(
  dialect: Dialect,
  change: (row: Record<string, unknown>) => Record<string, unknown>,
): Dialect {
  return running(dialect, async (_, run) => {
    const result = await run();
    return { ...result, rows: result.rows.map((row) => change(row as Record<string, unknown>)) };
  });
}

type Around = (
  query: CompiledQuery,
  run: () => Promise<QueryResult<unknown>>,
) => Promise<QueryResult<unknown>>;

function running(dialect: Dialect, around: Around): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver() {
      const driver = dialect.createDriver();
      const acquire = driver.acquireConnection.bind(driver);
      const seen = new WeakSet<object>();
      const watched: Partial<Driver> = {
        async acquireConnection(...args: []) {
          const connection = await acquire(...args);
          if (!seen.has(connection)) {
            seen.add(connection);
            const run = connection.executeQuery.bind(connection);
            connection.executeQuery = (query: CompiledQuery, ...rest: []) =>
              // Rows are of whatever type the caller says.
              around(query, () => run(query, ...rest)) as never;
          }
          return connection;
        },
      };
      return new Proxy(driver, {
        get(target, key) {
          const own = Reflect.get(watched, key) ?? Reflect.get(target, key, target);
          return typeof own === "function" ? own.bind(target) : own;
        },
      });
    },
  };
}
