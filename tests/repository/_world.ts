/**
 * The tables that repositories are tested on, with rows that two plugins hide: deleted ones, and
 * those of another tenant.
 */
import { bindContext, createExecutor, type KyseraExecutor, type Plugin } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Generated, type Kysely, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";

export interface Database {
  people: {
    id: Generated<number>;
    email: string;
    name: string | null;
    score: Generated<number>;
    tenant: Generated<number>;
    version: Generated<number>;
    deleted_at: string | null;
  };
  seats: { hall: number; seat: string; guest: string | null };
  tokens: { token: string; note: string | null };
  counters: { id: string | number | bigint; n: number };
}

/** Hides the rows of other tenants than the one that is bound to the handle. */
export const byTenant: Plugin = {
  name: "by-tenant",
  version: "1.0.0",
  stable: true,
  appliesTo: ({ name }) => name === "people",
  filter: (reference, { eb, value }) =>
    eb(
      reference.column("tenant"),
      "=",
      value((context) => {
        if (typeof context?.["tenant"] !== "number") throw new Error("no tenant is bound");
        return context["tenant"];
      }),
    ),
};

export const softly: ReturnType<typeof softDeletePlugin> = softDeletePlugin({ tables: ["people"] });

export interface World<P extends readonly Plugin[]> {
  /** Without plugins. */
  readonly db: Kysely<Database>;
  /** With them, bound to tenant 1. */
  readonly executor: KyseraExecutor<Database, P>;
  /** Every row of `people`, hidden or not: `id:name` in order, deleted ones in parentheses. */
  people(): Promise<string>;
}

/** The plugins of most tests. */
export type Both = readonly [typeof softly, Plugin];

/** Opens a world with both plugins, and closes it whatever happens. */
export async function inWorld(
  dialect: TestDialect,
  body: (world: World<Both>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
  try {
    await createTables(dialect, db);
    const executor = await createExecutor<Database, Both>(db, [softly, byTenant]);
    await body({
      db,
      executor: bindContext(executor, { tenant: 1 }),
      people: async () => {
        const rows = await db.selectFrom("people").selectAll().orderBy("id").execute();
        return rows.map(({ id, name, deleted_at }) =>
          deleted_at === null ? `${id}:${name}` : `(${id}:${name})`
        ).join(" ");
      },
    });
  } finally {
    await close();
  }
}

async function createTables({ dialect }: TestDialect, db: Kysely<Database>): Promise<void> {
  const id = dialect === "postgres" ? sql`serial` : sql`integer`;
  await db.schema.createTable("people")
    .addColumn(
      "id",
      id,
      (c) => dialect === "mysql" ? c.primaryKey().autoIncrement() : c.primaryKey(),
    )
    .addColumn("email", "varchar(60)", (c) => c.notNull().unique())
    .addColumn("name", "varchar(60)")
    .addColumn("score", "integer", (c) => c.notNull().defaultTo(7))
    .addColumn("tenant", "integer", (c) => c.notNull().defaultTo(1))
    .addColumn("version", "integer", (c) => c.notNull().defaultTo(1))
    .addColumn("deleted_at", "varchar(40)")
    .execute();
  await db.schema.createTable("seats")
    .addColumn("hall", "integer", (c) => c.notNull())
    .addColumn("seat", "varchar(10)", (c) => c.notNull())
    .addColumn("guest", "varchar(40)")
    .addPrimaryKeyConstraint("seats_key", ["hall", "seat"])
    .execute();
  await db.schema.createTable("tokens")
    .addColumn("token", dialect === "postgres" ? "uuid" : "varchar(36)", (c) => c.primaryKey())
    .addColumn("note", "varchar(40)")
    .execute();
  await db.schema.createTable("counters")
    .addColumn("id", "bigint", (c) => c.primaryKey())
    .addColumn("n", "integer")
    .execute();
  const gone = "2026-01-31";
  await db.insertInto("people").values([
    { id: 1, email: "ada@x.org", name: "Ada", score: 10, tenant: 1, version: 1, deleted_at: null },
    { id: 2, email: "bob@x.org", name: "Bob", score: 20, tenant: 1, version: 1, deleted_at: gone },
    { id: 3, email: "cyd@x.org", name: "Cyd", score: 30, tenant: 2, version: 1, deleted_at: null },
    { id: 4, email: "dan@x.org", name: "D_n", score: 40, tenant: 1, version: 1, deleted_at: null },
    { id: 5, email: "eve@x.org", name: null, score: 50, tenant: 1, version: 1, deleted_at: null },
  ]).execute();
  if (dialect === "postgres") await sql`select setval('people_id_seq', 100)`.execute(db);
  if (dialect === "mysql") await sql`alter table people auto_increment = 101`.execute(db);
}
