import { getPluginHooks, getPlugins, getRawDb, missingPlugin } from "@kysera/executor";
import { AliasNode, type Kysely, type OperationNode, type SelectQueryBuilder, sql } from "kysely";
import { PLUGIN_NAME } from "../contract/_settings.ts";
import type { AuditEntry, AuditValues, ValuesColumn } from "../contract/entry.ts";
import { AuditError } from "../contract/errors.ts";
import { type JsonValue, parseExact } from "../sql/_json.ts";
import { partsOf, tableIn, type TableInQuery } from "../sql/_nodes.ts";
import type { AuditedTable } from "../strategies/common/_table.ts";
import { AuditHooks } from "../write/_hooks.ts";
import { forReading, withEveryRow } from "../write/_reading.ts";
import { entityIdOf } from "./_entity_id.ts";
import { copyJsonNulls, readJsonNulls } from "./_json_null.ts";
import { VisibleTable } from "./_visible.ts";
import { VisibleEntries } from "./_visible_entries.ts";

const RLS = "@kysera/rls";
/** How many entries are read at a time where it is to be seen which of them are visible. */
const CHUNK = 250;
const NO_LIMIT = 9_223_372_036_854_775_807n;

/** The plugin as it is for an executor. @throws {AuditError} */
export function mustHavePlugin(executor: Kysely<any>, action: string): AuditHooks {
  const hooks = getPluginHooks(executor, PLUGIN_NAME)
    .find((hooks): hooks is AuditHooks => hooks instanceof AuditHooks);
  if (hooks !== undefined) return hooks;
  throw new AuditError(
    `Cannot ${action}: ${missingPlugin(executor, PLUGIN_NAME, "auditPlugin()")}`,
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
  const named = tableOf(executor.selectFrom(table).selectAll().toOperationNode());
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

/** The table of a SELECT, which plugins may have put into one of their own. */
function tableOf(select: OperationNode): TableInQuery | undefined {
  const source = partsOf(select).from?.froms[0];
  if (source === undefined) return undefined;
  return tableIn(source) ?? tableOf(AliasNode.is(source) ? source.node : source);
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
 * security an entry is shown as far as the caller's policies hold for the row as the entry has it.
 */
export async function readEntries(
  executor: Kysely<any>,
  hooks: AuditHooks,
  filter: EntryFilter,
): Promise<AuditEntry[]> {
  if (isPoliced(executor)) return await readVisible(executor, hooks, filter);
  let query = entriesOf(executor, hooks, filter);
  if (filter.limit !== undefined) query = query.limit(filter.limit);
  if (filter.offset !== undefined) {
    // MySQL and SQLite take no OFFSET without a LIMIT.
    if (filter.limit === undefined) query = query.limit(NO_LIMIT);
    query = query.offset(filter.offset);
  }
  return (await query.execute()).map((row) => entryOf(row, hooks.strategy.images.hasDecimals));
}

/** Returns true if what a caller sees of the log is for policies to say. */
export function isPoliced(executor: Kysely<any>): boolean {
  return getPlugins(executor).some((plugin) => plugin.name === RLS);
}

/** Entries a chunk at a time: how many of them are visible is not known beforehand. */
async function readVisible(
  executor: Kysely<any>,
  hooks: AuditHooks,
  filter: EntryFilter,
): Promise<AuditEntry[]> {
  const { table, entityId, limit = Infinity, order = "desc" } = filter;
  const visible = new VisibleEntries(executor, hooks);
  // It says whether the caller may read the table at all.
  if (table !== undefined) await visible.prepare(table);
  const found: AuditEntry[] = [];
  let [left, last] = [filter.offset ?? 0, undefined as unknown];
  while (found.length < limit) {
    let query = entriesOf(executor, hooks, filter).limit(CHUNK);
    if (last !== undefined) query = query.where("a.id", order === "asc" ? ">" : "<", last);
    const rows = await query.execute();
    const entries = rows.map((row) => entryOf(row, hooks.strategy.images.hasDecimals));
    for (const entry of await visible.show(entries)) {
      // Of a row that changed its key only one of the keys may be for the caller to see.
      if (entityId !== undefined && entry.entity_id !== entityId) continue;
      if (left > 0) left--;
      else if (found.length < limit) found.push(entry);
    }
    if (rows.length < CHUNK) break;
    last = rows.at(-1)!["id"];
  }
  return found;
}

function entriesOf(
  executor: Kysely<any>,
  hooks: AuditHooks,
  filter: EntryFilter,
): SelectQueryBuilder<any, any, any> {
  const { name, schema } = hooks.tables.auditTable;
  const from = schema === undefined ? name : `${schema}.${name}`;
  let query: SelectQueryBuilder<any, any, any> = forReading(executor).selectFrom(`${from} as a`)
    .selectAll("a");
  const { table, entityId, auditId, operation, userId, requestId, startDate, endDate } = filter;
  if (table !== undefined) query = query.where("a.table_name", "in", table.labels);
  if (entityId !== undefined) query = query.where("a.entity_id", "=", entityId);
  if (auditId !== undefined) query = query.where("a.id", "=", auditId);
  if (typeof operation === "string") query = query.where("a.operation", "=", operation);
  else if (operation !== undefined) query = query.where("a.operation", "in", operation);
  if (userId !== undefined) query = query.where("a.changed_by", "=", userId);
  if (requestId !== undefined) query = query.where("a.request_id", "=", requestId);
  if (startDate !== undefined) query = query.where("a.changed_at", ">=", startDate);
  if (endDate !== undefined) query = query.where("a.changed_at", "<=", endDate);
  return query.orderBy("a.id", filter.order ?? "desc");
}

/** An entry as it is in the database, read. */
export function entryOf(
  row: Readonly<Record<string, unknown>>,
  decimals: boolean,
): AuditEntry {
  const id = BigInt(row["id"] as string | number | bigint);
  const unreadable: ValuesColumn[] = [];
  const values = (column: ValuesColumn): AuditValues | null => {
    const text = row[column];
    if (text === null) return null;
    const read = readValues(String(text), decimals);
    if (read === undefined) unreadable.push(column);
    return read ?? null;
  };
  const text = (value: unknown): string | null => value === null ? null : String(value);
  const entry: AuditEntry = {
    id: Number.isSafeInteger(Number(id)) ? Number(id) : id,
    table_name: String(row["table_name"]),
    entity_id: text(row["entity_id"]),
    // The plugin and the triggers write no others.
    operation: String(row["operation"]) as AuditEntry["operation"],
    old_values: values("old_values"),
    new_values: values("new_values"),
    changed_by: text(row["changed_by"]),
    changed_at: String(row["changed_at"]),
    metadata: values("metadata"),
    request_id: text(row["request_id"]),
  };
  return unreadable.length === 0 ? entry : { ...entry, unreadable };
}

/** What is written there is JSON of an object; somebody may have made something else of it. */
function readValues(text: string, decimals: boolean): AuditValues | undefined {
  try {
    const value = parseExact(text, decimals);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? readJsonNulls(value as AuditValues) : undefined;
  } catch {
    return undefined;
  }
}

/** The rows of a table as entries would hold them, by key; through the executor. */
export async function readImage(
  executor: Kysely<any>,
  hooks: AuditHooks,
  table: AuditedTable,
  key: readonly JsonValue[],
  lock: boolean,
): Promise<AuditValues | undefined> {
  const all = withEveryRow(executor);
  const { images } = hooks.strategy;
  const image = images.textOf(table, "t");
  const read = async (db: Kysely<any>, locked: boolean): Promise<AuditValues | undefined> => {
    let query = db.selectFrom(`${table.path} as t`).select(image.as("image"));
    table.key.forEach((column, i) => query = query.where(`t.${column}`, "=", key[i]));
    if (locked) query = query.forUpdate();
    const [row] = await query.execute();
    if (row === undefined) return undefined;
    const values = parseExact(String(row["image"]).slice(1), images.hasDecimals);
    return keptOf(readJsonNulls(values as AuditValues), table);
  };
  const locked = lock && images.locks !== "none";
  if (!locked || images.locks !== "tables" || !isPoliced(executor)) return await read(all, locked);
  // No rows of the table that masks make are locked: the row is locked, and then asked about.
  const visible = await VisibleTable.of(executor, hooks, table);
  if (!visible.hasMasks) return await read(all, true);
  const found = await read(getRawDb<any>(executor).withoutPlugins(), true);
  const [seen] = found === undefined ? [] : await visible.show([found]);
  return seen?.values;
}

function keptOf(values: AuditValues, { kept, masked, keepsAll }: AuditedTable): AuditValues {
  if (keepsAll) return values;
  const left = Object.fromEntries(
    kept.flatMap(({ name }) => {
      const value = values[name];
      if (value === undefined) return [];
      return [[name, masked.has(name) && value !== null ? "***" : value]];
    }),
  );
  return copyJsonNulls(values, left);
}

/** The key of a row as entries have it, from what a user gives. */
export function entityOfKey(table: AuditedTable, key: unknown): string {
  return entityIdOf(table.label, table.key, key);
}
