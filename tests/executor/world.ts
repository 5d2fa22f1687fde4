/** Tables with hidden rows, and a plugin that hides them: what the tests of the executor run on. */
import { createExecutor } from "@kysera/executor";
import type { ExecutorConfig, KyseraExecutor, Plugin } from "@kysera/executor";
import { type Kysely, type KyselyPlugin, sql } from "kysely";
import type { TestDialect, TestOpenOptions } from "../support/matrix.ts";

export interface Users {
  id: number;
  name: string;
  active: boolean | number;
  deleted_at: string | null;
}

export interface Posts {
  id: number;
  user_id: number;
  title: string;
  deleted_at: string | null;
}

export interface Database {
  users: Users;
  posts: Posts;
  tags: { id: number; label: string };
}

/** Cyd is hidden, and so is Ada's second post; Cyd's own post is not. */
export const USERS: readonly Users[] = [
  { id: 1, name: "Ada", active: true, deleted_at: null },
  { id: 2, name: "Bob", active: false, deleted_at: null },
  { id: 3, name: "Cyd", active: true, deleted_at: "2024-01-01" },
  { id: 4, name: "Dan", active: true, deleted_at: null },
];

export const POSTS: readonly Posts[] = [
  { id: 1, user_id: 1, title: "a1", deleted_at: null },
  { id: 2, user_id: 1, title: "a2", deleted_at: "2024-01-01" },
  { id: 3, user_id: 3, title: "c1", deleted_at: null },
  { id: 4, user_id: 4, title: "d1", deleted_at: null },
];

/** Hides what has a `deleted_at`, in the tables that have the column. */
export const hideDeleted: Plugin = {
  name: "hide-deleted",
  version: "1.0.0",
  stable: true,
  appliesTo: ({ name }) => name === "users" || name === "posts",
  filter: (reference, { eb, metadata }) =>
    metadata["includeDeleted"] === true
      ? undefined
      : eb(reference.column("deleted_at"), "is", null),
};

export interface World {
  readonly db: Kysely<Database>;
  readonly executor: KyseraExecutor<Database>;
  close(): Promise<void>;
}

export interface WorldOptions extends TestOpenOptions {
  /** The executor's plugins; without it, {@linkcode hideDeleted}. */
  readonly with?: readonly Plugin[];
  readonly executor?: ExecutorConfig;
  /** Kysely's own plugins. */
  readonly plugins?: KyselyPlugin[];
}

/** A fresh database with the tables and their rows, and an executor on it. */
export async function openWorld(dialect: TestDialect, options: WorldOptions = {}): Promise<World> {
  const { with: plugins = [hideDeleted], executor: executorOptions = {}, ...open } = options;
  const { db, close } = await dialect.open(open);
  try {
    await fill(db);
    const executor = await createExecutor<Database, readonly Plugin[]>(
      db,
      plugins,
      executorOptions,
    );
    return { db, executor, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens a world, and closes it whatever happens. */
export async function inWorld(
  dialect: TestDialect,
  body: (world: World) => Promise<void>,
  options: WorldOptions = {},
): Promise<void> {
  const world = await openWorld(dialect, options);
  try {
    await body(world);
  } finally {
    await world.close();
  }
}

/** The name of the schema that a world's tables are in; a server has those of other tests too. */
export async function schemaOf(db: Kysely<any>, { dialect }: TestDialect): Promise<string> {
  if (dialect === "sqlite") return "main";
  const expression = dialect === "mysql" ? sql<string>`database()` : sql<string>`current_schema()`;
  const { schema } = await db.selectNoFrom(expression.as("schema")).executeTakeFirstOrThrow();
  return schema;
}

/** The tables, as the names of columns are written through the database's own Kysely plugins. */
async function fill(db: Kysely<any>): Promise<void> {
  // With a plugin that renames, the names below come out as the physical ones, which do not change.
  const bare = db.withoutPlugins();
  await bare.schema.createTable("users")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(50)", (column) => column.notNull().unique())
    .addColumn("active", "boolean", (column) => column.notNull())
    .addColumn("deleted_at", "varchar(30)")
    .execute();
  await bare.schema.createTable("posts")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("user_id", "integer", (column) => column.notNull())
    .addColumn("title", "varchar(50)", (column) => column.notNull())
    .addColumn("deleted_at", "varchar(30)")
    .execute();
  await bare.schema.createTable("tags")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("label", "varchar(50)", (column) => column.notNull())
    .execute();
  await bare.insertInto("users").values([...USERS]).execute();
  await bare.insertInto("posts").values([...POSTS]).execute();
  await bare.insertInto("tags").values([{ id: 1, label: "one" }, { id: 3, label: "three" }])
    .execute();
}
