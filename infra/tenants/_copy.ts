import { detectDialect } from "@kysera/core";
import { findColumns } from "@kysera/executor";
import { expressionBuilder, type Kysely, sql } from "kysely";
import { type RowText, type RowTexts, rowTextsOf, type TableAt } from "./_row_texts.ts";
import { TenantCopyError } from "./errors.ts";
import type { TenantHome } from "./tenant_place.ts";
import type { TenantTable, TenantTableReport } from "./tenant_table.ts";

/** How many rows are carried at once. */
const PAGE = 500;

/** One of the places that a tenant is copied from or to. */
export interface CopySide {
  /** The database there, without plugins. */
  readonly db: Kysely<any>;
  readonly home: TenantHome;
  /** Says what the catalog has of a table, for both places alike. */
  readonly catalog: Kysely<any>;
}

/** What is copied. */
export interface CopyWork {
  readonly tenant: string;
  readonly tables: readonly TenantTable[];
  readonly tenantColumn: string | undefined;
}

/**
 * Copies the rows of a tenant, and reads both places again: the copy has to be the same, and what was
 * copied has to be as it was.
 *
 * @throws {TenantCopyError} where it is not; nothing is left at the new place then
 */
export async function copyTenant(
  from: CopySide,
  to: CopySide,
  work: CopyWork,
): Promise<TenantTableReport[]> {
  const dialect = detectDialect(from.db);
  const texts = rowTextsOf(dialect);
  if (texts === undefined || detectDialect(to.db) !== dialect) {
    throw new TenantCopyError(
      work.tables[0]?.name ?? "",
      "cannot be carried between these databases: only between two of PostgreSQL, MySQL or SQLite",
    );
  }
  // A database may have one connection, which the transaction holds: the catalog is read before.
  const tables: { name: string; source: TableAt; target: TableAt }[] = [];
  for (const table of work.tables) {
    const places = [await tableAt(from, table, work), await tableAt(to, table, work)] as const;
    tables.push({ name: table.name, source: places[0], target: places[1] });
  }
  const copied: TenantTableReport[] = [];
  await to.db.transaction().execute(async (trx) => {
    const old = from.home.database === to.home.database ? trx : from.db;
    for (const { name, source, target } of tables) {
      if ((await countOf(trx, target)) > 0) {
        throw new TenantCopyError(name, "has rows of the tenant at the new place already");
      }
      const sum = await digestOf(texts, old, source, (rows) => texts.insert(trx, target, rows));
      await texts.advanceSequences(trx, target);
      copied.push({ table: name, ...sum });
    }
    for (const [i, { name, source, target }] of tables.entries()) {
      const wanted = copied[i]!;
      const now = await digestOf(texts, old, source);
      if (!isSame(now, wanted) || now.rows !== await countOf(old, source)) {
        throw new TenantCopyError(
          name,
          "changed while it was copied: other processes still write, or it has rows without a key",
        );
      }
      if (!isSame(await digestOf(texts, trx, target), wanted)) {
        throw new TenantCopyError(name, "is another one after it was copied");
      }
    }
  });
  return copied;
}

/** Deletes the rows of a tenant, those first that refer to others. */
export async function deleteRows(side: CopySide, work: CopyWork): Promise<void> {
  const tables: TableAt[] = [];
  for (const table of work.tables) tables.unshift(await tableAt(side, table, work));
  await side.db.transaction().execute(async (trx) => {
    for (const { rows, table } of tables) {
      await sql`delete from ${table} where ${rows ?? sql`1 = 1`}`.execute(trx);
    }
  });
}

function isSame(a: Omit<TenantTableReport, "table">, b: Omit<TenantTableReport, "table">): boolean {
  return a.rows === b.rows && a.digest === b.digest;
}

async function countOf(db: Kysely<any>, { table, rows: which }: TableAt): Promise<number> {
  const { rows: [row] } = await sql<{ n: number | string }>`
    select count(*) as n from ${table} where ${which ?? sql`1 = 1`}`.execute(db);
  return Number(row!.n);
}

async function tableAt(
  { home: { schema, strategy }, catalog }: CopySide,
  table: TenantTable,
  { tenant, tenantColumn }: CopyWork,
): Promise<TableAt> {
  const relation = (await findColumns(catalog, table.name))?.relation;
  if (relation === undefined) throw new TenantCopyError(table.name, "is not there");
  const column = table.column ?? tenantColumn;
  const isRow = strategy === "row";
  if (isRow && column === undefined && table.rows === undefined) {
    throw new TenantCopyError(table.name, 'has no column for the tenant; give "column" or "rows"');
  }
  const key = (relation.keys[0] ?? []).map((name) =>
    relation.columns.find((column) => column.name === name)!
  );
  if (key.length === 0) throw new TenantCopyError(table.name, "has no primary key");
  return {
    relation,
    schema,
    table: schema === undefined ? sql.id(table.name) : sql.id(schema, table.name),
    columns: relation.columns.filter(({ isGenerated }) => isGenerated !== true),
    key,
    rows: !isRow
      ? undefined
      : table.rows?.(expressionBuilder<any, any>(), tenant) ?? sql`${sql.id(column!)} = ${tenant}`,
  };
}

const MODULUS = 1n << 256n;

/** Reads all rows, and hands each page on. */
async function digestOf(
  texts: RowTexts,
  db: Kysely<any>,
  at: TableAt,
  use?: (rows: readonly RowText[]) => Promise<void>,
): Promise<{ rows: number; digest: string }> {
  let sum = 0n;
  let count = 0;
  let last: RowText | undefined;
  while (true) {
    const rows = await texts.page(db, at, last, PAGE);
    if (rows.length > 0) await use?.(rows);
    for (const { text } of rows) sum = (sum + await sha256(text)) % MODULUS;
    count += rows.length;
    if (rows.length < PAGE) break;
    last = rows.at(-1);
  }
  return { rows: count, digest: sum.toString(16).padStart(64, "0") };
}

async function sha256(text: string): Promise<bigint> {
  const bytes = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
  );
  let value = 0n;
  for (const byte of bytes) value = value << 8n | BigInt(byte);
  return value;
}
