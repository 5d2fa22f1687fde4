/**
 * The four plugins on one table of tasks: two tenants, rows that are deleted, stamps, and a log.
 */
import { auditPlugin, createAuditTable } from "@kysera/audit";
import { createExecutor, type Plugin } from "@kysera/executor";
import { allow, defineRLSSchema, filter, rlsPlugin, validate } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Generated, type Kysely, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";

type Time = Date | string | null;

export interface TasksTable {
  id: number;
  tenant_id: Generated<number>;
  title: string;
  points: Generated<number>;
  deleted_at: Generated<Time>;
  created_at: Generated<Time>;
  updated_at: Generated<Time>;
}

export interface Database {
  tp_tasks: TasksTable;
  tp_labels: { id: number; task_id: number; name: string };
}

/** When the rows were made that are there from the start. */
export const BEFORE: Date = new Date("2025-06-30T08:30:00.000Z");
/** What the clock says first; each time it is asked, it is a second later. */
export const START: number = Date.parse("2026-01-31T12:00:00.000Z");
/** When rows are deleted. */
const GONE = new Date("2026-03-01T00:00:00.000Z");

/** The names of the plugins, in the order that the specification has them. */
export const NAMES = ["soft delete", "timestamps", "audit", "rls"] as const;
export type Name = typeof NAMES[number];

/** Every order of some things. */
export function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest])
  );
}

/** Who asks. */
interface Caller {
  readonly auth: { readonly userId: number; readonly tenantId: number; readonly roles: string[] };
}

export const ALICE: Caller = { auth: { userId: 1, tenantId: 1, roles: ["member"] } };
export const BOB: Caller = { auth: { userId: 2, tenantId: 2, roles: ["member"] } };

const schema = defineRLSSchema<Database>({
  tp_tasks: {
    policies: [
      filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
      allow("all", true),
      validate("all", (_, { eb, column }) => eb(column("points"), ">=", 0)),
    ],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
  },
});

/** The plugins by name, with clocks of their own. */
export function plugins(): Record<Name, Plugin> {
  let asked = 0;
  return {
    "soft delete": softDeletePlugin({ tables: ["tp_tasks"], now: () => GONE, onDelete: "soft" }),
    timestamps: timestampsPlugin({
      tables: ["tp_tasks"],
      getTimestamp: () => new Date(START + 1_000 * asked++),
    }),
    audit: auditPlugin({
      auditTable: "tp_audit",
      tables: ["tp_tasks"],
      getTimestamp: () => new Date(START),
    }),
    rls: rlsPlugin({ schema }),
  };
}

/**
 * An executor with the plugins in an order.
 *
 * @param priorities whether the plugins keep their priorities; else the order is the one they run in
 */
export async function executorOf(
  db: Kysely<Database>,
  order: readonly Name[],
  { priorities = true }: { readonly priorities?: boolean } = {},
): Promise<Kysely<Database>> {
  const own = plugins();
  return await createExecutor<Database, readonly Plugin[]>(
    db,
    order.map((name) => priorities ? own[name] : { ...own[name], priority: 0 }),
  );
}

export async function createTables(dialect: TestDialect, db: Kysely<any>): Promise<void> {
  const type = dialect.dialect === "sqlite"
    ? sql`text`
    : dialect.dialect === "postgres"
    ? sql`timestamptz`
    : sql`datetime(3)`;
  await db.schema.createTable("tp_tasks")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("tenant_id", "integer", (column) => column.notNull())
    .addColumn("title", "varchar(50)", (column) => column.notNull())
    .addColumn("points", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("deleted_at", type)
    .addColumn("created_at", type)
    .addColumn("updated_at", type)
    .execute();
  await db.schema.createTable("tp_labels")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("task_id", "integer", (column) => column.notNull())
    .addColumn("name", "varchar(50)", (column) => column.notNull())
    .execute();
  await createAuditTable(db, { auditTable: "tp_audit" });
}

/** The rows at the start: tasks 1, 2 and (3) of the first tenant, 4 and (5) of the second. */
export async function fill(dialect: TestDialect, db: Kysely<any>): Promise<void> {
  for (const table of ["tp_tasks", "tp_labels", "tp_audit"]) await db.deleteFrom(table).execute();
  const at = (date: Date): Date | string =>
    dialect.dialect === "sqlite" ? date.toISOString() : date;
  const old = at(BEFORE);
  const gone = at(BEFORE);
  const row = (id: number, tenant_id: number, deleted_at: unknown) => ({
    id,
    tenant_id,
    title: `task ${id}`,
    points: id,
    deleted_at,
    created_at: old,
    updated_at: old,
  });
  await db.insertInto("tp_tasks").values([
    row(1, 1, null),
    row(2, 1, null),
    row(3, 1, gone),
    row(4, 2, null),
    row(5, 2, gone),
  ]).execute();
  await db.insertInto("tp_labels").values(
    [1, 2, 3, 4, 5].map((id) => ({ id: id * 10, task_id: id, name: `label ${id}` })),
  ).execute();
}

/** A value without what differs between dialects: times as text, numbers as numbers. */
export function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** The tasks as the database has them, and what the log says of each, row by row. */
export async function state(db: Kysely<any>): Promise<{ tasks: string[]; log: string[] }> {
  const tasks = await db.selectFrom("tp_tasks").selectAll().orderBy("id").execute();
  const log = await db.selectFrom("tp_audit").selectAll().orderBy("id").execute();
  // In which order a statement finds its rows is the database's to say.
  log.sort((a, b) => Number(a.entity_id) - Number(b.entity_id) || Number(a.id) - Number(b.id));
  return {
    tasks: tasks.map((task) =>
      [
        task.id,
        task.tenant_id,
        task.title,
        task.points,
        moment(task.deleted_at),
        moment(task.created_at),
        moment(task.updated_at),
      ].join(" | ")
    ),
    log: log.map((entry) =>
      [
        entry.operation,
        entry.entity_id,
        entry.changed_by,
        `${summary(entry.old_values)} => ${summary(entry.new_values)}`,
      ].join(" | ")
    ),
  };
}

/** A time as the tests tell it: seconds of the clock, `old`, `gone` or `-`. */
function moment(value: unknown): string {
  if (value === null || value === undefined) return "-";
  const at = value instanceof Date ? value.getTime() : Date.parse(String(value));
  if (at === BEFORE.getTime()) return "old";
  return at === GONE.getTime() ? "gone" : String((at - START) / 1_000);
}

function summary(values: unknown): string {
  if (values === null || values === undefined) return "-";
  const row = typeof values === "string" ? JSON.parse(values) : values;
  return `${row.title} ${row.points} ${moment(row.deleted_at)} ${moment(row.updated_at)}`;
}
