import { getPluginHooks, getPlugins, getRawDb, withMetadata } from "@kysera/executor";
import { type Kysely, type SelectQueryBuilder, sql } from "kysely";
import { AuditHooks } from "./_hooks.ts";
import { imageOf as imageOf_, keyOf, refTo } from "./_image.ts";
import { type JsonValue, parseExact } from "./_json.ts";
import { partsOf, tableIn } from "./_nodes.ts";
import { PLUGIN_NAME } from "./_settings.ts";
import type { AuditedTable } from "./_tables.ts";
import type { AuditEntry, AuditValues } from "./entry.ts";
import { entityIdOf } from "./_entity_id.ts";
import { AuditError } from "./errors.ts";

const RLS = "@kysera/rls";
const NO_LIMIT = 9_223_372_036_854_775_807n;

/** The plugin as it is for an executor. @throws {AuditError} */
export function mustHavePlugin(executor: Kysely<any>, action: string): AuditHooks {
  const hooks = getPluginHooks(executor, PLUGIN_NAME)
    .find((hooks): hooks is AuditHooks => hooks instanceof AuditHooks);
  if (hooks !== undefined) return hooks;
  throw new AuditError(
    `Cannot ${action}: this executor has no plugin "${PLUGIN_NAME}"; make one with ` +
      "createExecutor(db, [auditPlugin()])",
    "NO_AUDIT_PLUGIN",
  );
}

/** A table, as the database and the log have it. @throws {AuditError} */
export async function mustHaveTable(
  executor: Kysely<any>,
  hooks: AuditHooks,
  table: string,
  action: string,
): Promise<AuditedTable> {
  const { from } = partsOf(executor.selectFrom(table).selectAll().toOperationNode());
  const named = tableIn(from!.froms[0]!);
  const raw: Kysely<any> = getRawDb<any>(executor).withoutPlugins();
  const found = named === undefined || !hooks.tables.has(named.name, named.schema)
    ? undefined
    : await hooks.tables.get(
      async (piece) => (await sql<Record<string, unknown>>`${piece}`.execute(raw)).rows,
      named.name,
      named.schema,
    );
  if (found !== undefined) return found;
  throw new AuditError(
    `Cannot ${action} "${table}": it is not audited, or there is no such table`,
    "AUDIT_LOG_NOT_FOUND",
  );
}

/** What is looked for in the log. */
export interface EntryFilter {
  readonly table?: AuditedTable | undefined;
  readonly entityId?: string | undefined;
  readonly auditId?: number | bigint | string | undefined;
  readonly operation?: string | readonly string[] | undefined;
  readonly userId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly startDate?: string | undefined;
  readonly endDate?: string | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  readonly order?: "asc" | "desc" | undefined;
}

/**
 * Entries, through the executor: what a plugin hides of the audit table is hidden. With row-level
 * security those entries are shown whose row the caller sees now.
 */
export async function readEntries(
  executor: Kysely<any>,
  hooks: AuditHooks,
  filter: EntryFilter,
): Promise<AuditEntry[]> {
  const { name, schema } = hooks.tables.auditTable;
  const plain = executor.withoutPlugins();
  const from = schema === undefined ? name : `${schema}.${name}`;
  let query: SelectQueryBuilder<any, any, any> = plain.selectFrom(`${from} as a`).selectAll("a");
  const { table, entityId, auditId, operation, userId, requestId, startDate, endDate } = filter;
  if (table !== undefined) query = query.where("a.table_name", "=", table.label);
  if (entityId !== undefined) query = query.where("a.entity_id", "=", entityId);
  if (auditId !== undefined) query = query.where("a.id", "=", auditId);
  if (typeof operation === "string") query = query.where("a.operation", "=", operation);
  else if (operation !== undefined) query = query.where("a.operation", "in", operation);
  if (userId !== undefined) query = query.where("a.changed_by", "=", userId);
  if (requestId !== undefined) query = query.where("a.request_id", "=", requestId);
  if (startDate !== undefined) query = query.where("a.changed_at", ">=", startDate);
  if (endDate !== undefined) query = query.where("a.changed_at", "<=", endDate);
  if (getPlugins(executor).some((plugin) => plugin.name === RLS)) {
    query = query.where(({ exists }) => exists(visibleRow(executor, hooks, table)));
  }
  query = query.orderBy("a.id", filter.order ?? "desc");
  if (filter.limit !== undefined) query = query.limit(filter.limit);
  if (filter.offset !== undefined) {
    // MySQL and SQLite take no OFFSET without a LIMIT.
    if (filter.limit === undefined) query = query.limit(NO_LIMIT);
    query = query.offset(filter.offset);
  }
  const rows = await query.execute();
  return rows.map((row) => entryOf(row, hooks.dialect !== "sqlite"));
}

/** Whether the row of an entry is there for the caller, deleted softly or not. */
function visibleRow(
  executor: Kysely<any>,
  hooks: AuditHooks,
  table: AuditedTable | undefined,
): SelectQueryBuilder<any, any, any> {
  if (table === undefined || table.key.length !== 1) {
    throw new AuditError(
      "Cannot read the audit log: with row-level security name a table whose key is one column, so " +
        "that its rows say whose entries may be seen; or read it with an executor without that plugin",
      "AUDIT_LOG_NOT_FOUND",
    );
  }
  const all = withMetadata(executor, { includeDeleted: true }).withoutPlugins();
  const type = hooks.dialect === "mysql" ? sql`char` : sql`text`;
  return all.selectFrom(`${table.label} as t`).select(sql.lit(1).as("one"))
    .where(sql`cast(${refTo(table.key[0]!, "t")} as ${type})`, "=", sql.ref("a.entity_id"));
}

/** An entry as it is in the database, read. */
export function entryOf(
  row: Readonly<Record<string, unknown>>,
  decimals: boolean,
): AuditEntry {
  const id = BigInt(row["id"] as string | number | bigint);
  const values = (text: unknown): AuditValues | null =>
    // What is written there is JSON of a row.
    text === null ? null : parseExact(String(text), decimals) as AuditValues;
  const text = (value: unknown): string | null => value === null ? null : String(value);
  return {
    id: Number.isSafeInteger(Number(id)) ? Number(id) : id,
    table_name: String(row["table_name"]),
    entity_id: text(row["entity_id"]),
    // The plugin and the triggers write no others.
    operation: String(row["operation"]) as AuditEntry["operation"],
    old_values: values(row["old_values"]),
    new_values: values(row["new_values"]),
    changed_by: text(row["changed_by"]),
    changed_at: String(row["changed_at"]),
    metadata: values(row["metadata"]),
    request_id: text(row["request_id"]),
  };
}

/** The rows of a table as entries would hold them, by key; through the executor. */
export async function readImage(
  executor: Kysely<any>,
  hooks: AuditHooks,
  table: AuditedTable,
  key: readonly JsonValue[],
  lock: boolean,
): Promise<AuditValues | undefined> {
  const all = withMetadata(executor, { includeDeleted: true }).withoutPlugins();
  const image = hooks.dialect === "postgres"
    ? sql<string>`':' || to_jsonb(t.*)::text`
    : hooks.dialect === "sqlite"
    ? sql<string>`':' || ${imageOf_(table, "t", "sqlite")}`
    : sql<string>`concat(':', ${imageOf_(table, "t", "mysql")})`;
  let query = all.selectFrom(`${table.label} as t`).select(image.as("image"));
  table.key.forEach((column, i) => query = query.where(`t.${column}`, "=", key[i]));
  if (lock && hooks.dialect !== "sqlite") query = query.forUpdate();
  const [row] = await query.execute();
  if (row === undefined) return undefined;
  const values = parseExact(String(row["image"]).slice(1), hooks.dialect !== "sqlite");
  return keptOf(values as AuditValues, table);
}

function keptOf(values: AuditValues, { kept, masked, keepsAll }: AuditedTable): AuditValues {
  if (keepsAll) return values;
  return Object.fromEntries(
    kept.flatMap(({ name }) => {
      const value = values[name];
      if (value === undefined) return [];
      return [[name, masked.has(name) && value !== null ? "***" : value]];
    }),
  );
}

/** The key of a row as entries have it, from what a user gives. */
export function entityOfKey(table: AuditedTable, key: unknown): string {
  return entityIdOf(table.label, table.key, key);
}

export { keyOf };
