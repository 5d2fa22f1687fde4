import { type Expression, type OperationNode, sql, WhereNode } from "kysely";
import { AuditNotPossibleError } from "../../contract/errors.ts";
import { columnName, valueLists } from "../../sql/_insert_values.ts";
import { copy, id, joined, partsOf, q, type TableInQuery } from "../../sql/_nodes.ts";
import { imageOf, keyOf, listOf, refTo, type RowTraits } from "./_image.ts";
import type { AuditedTable } from "./_table.ts";

/** A table that a write changes, with what is known of it. */
export interface Target extends TableInQuery {
  readonly table: AuditedTable;
  /** What its rows are found again by. */
  readonly handle: readonly string[];
}

/** A row as it is before a write. */
export interface BeforeRow {
  /** What it is found again by, as a JSON list. */
  readonly handle: string;
  /** What it is found by after the write, as far as that can be told. */
  readonly next: string;
  /** Its key, as a JSON list. */
  readonly key: string;
  readonly image: string;
}

/** What is selected of each target's rows before a write: four texts for each. */
export function beforeSelection(
  targets: readonly Target[],
  update: OperationNode | undefined,
  rows: RowTraits,
): Expression<any> {
  const columns = targets.flatMap(({ table, alias, handle }, i) => [
    sql`${rows.text(keyOf(table, handle, alias, rows))} as ${id(`h${i}`)}`,
    sql`${rows.text(nextOf(table, handle, alias, update, rows))} as ${id(`x${i}`)}`,
    sql`${rows.text(keyOf(table, table.key, alias, rows))} as ${id(`k${i}`)}`,
    sql`${rows.text(imageOf(table, alias, rows))} as ${id(`i${i}`)}`,
  ]);
  return sql.join(columns);
}

/** The rows of each target, each of them once. */
export function readBefore(
  rows: readonly Readonly<Record<string, unknown>>[],
  targets: readonly Target[],
): BeforeRow[][] {
  return targets.map((_, i) => {
    const found = new Map<string, BeforeRow>();
    for (const row of rows) {
      const handle = untext(row[`h${i}`]);
      // A row that an outer join has not found.
      if (/^\[\s*null(?:\s*,\s*null)*\s*\]$/.test(handle)) continue;
      if (found.has(handle)) continue;
      found.set(handle, {
        handle,
        next: untext(row[`x${i}`]),
        key: untext(row[`k${i}`]),
        image: untext(row[`i${i}`]),
      });
    }
    return [...found.values()];
  });
}

/** What {@linkcode RowTraits.text} made. */
export function untext(value: unknown): string {
  return String(value).slice(1);
}

/** What rows of a table are found by after an UPDATE: its new values, where it sets such columns. */
export function nextOf(
  table: AuditedTable,
  handle: readonly string[],
  alias: string,
  update: OperationNode | undefined,
  rows: RowTraits,
): Expression<any> {
  const set = new Map(
    (update === undefined ? [] : partsOf(update).updates ?? []).map((each) => {
      const { column, value } = each as { column?: OperationNode; value?: OperationNode };
      return [columnName(column)?.toLowerCase(), value] as const;
    }),
  );
  // The number of a row in SQLite is not a column of it.
  const isRowid = table.info.numbered !== undefined && handle.length === 1 &&
    table.info.columns.every(({ name }) => name !== handle[0]);
  const names = isRowid ? [table.info.numbered!] : handle;
  if (!names.some((name) => set.has(name.toLowerCase()))) {
    return keyOf(table, handle, alias, rows);
  }
  return listOf(names.map((name) => {
    const value = set.get(name.toLowerCase());
    return value === undefined ? refTo(name, alias) : q(value);
  }));
}

/** Whether an UPDATE sets what its rows are found by. */
export function changesHandle(target: Target, update: OperationNode): boolean {
  const { table: { info }, handle } = target;
  const names = new Set([...handle, ...info.numbered === undefined ? [] : [info.numbered]]
    .map((name) => name.toLowerCase()));
  return (partsOf(update).updates ?? []).some((each) => {
    const { column } = each as { column?: OperationNode };
    return names.has(columnName(column)?.toLowerCase() ?? "");
  });
}

/** The WITH of a statement, to stand before another one. */
export function withOf(node: OperationNode): Expression<any> {
  const { with: clause } = partsOf(node);
  return clause === undefined ? sql`` : sql`${q(clause)} `;
}

/** The SELECT of the rows that an UPDATE or DELETE is about. */
export function selectFor(node: OperationNode, selected: Expression<any>): Expression<any> {
  const { kind, table, from, using, joins, where, orderBy, limit } = partsOf(node);
  const targets = kind === "DeleteQueryNode"
    ? using?.tables ?? from?.froms ?? []
    : table?.kind === "ListNode"
    ? (table as { items?: readonly OperationNode[] }).items ?? []
    : [table!];
  const froms = kind === "UpdateQueryNode" ? [...targets, ...from?.froms ?? []] : targets;
  const all = joins === undefined
    ? sql.join(froms.map(q))
    : sql`${sql.join(froms.map(q))} ${sql.join(joins.map(q), sql` `)}`;
  const rest = [where, orderBy, limit].flatMap((part) => part === undefined ? [] : [q(part)]);
  return sql`${withOf(node)}select ${selected} from ${all} ${
    rest.length === 0 ? sql`` : sql.join(rest, sql` `)
  }`;
}

/**
 * A part of WITH may have the name of the table that is written: a SELECT before the write would read
 * the part.
 *
 * @throws {AuditNotPossibleError} where it has
 */
export function refuseShadowed(
  node: OperationNode,
  { name, schema, table }: { name: string; schema: string | undefined; table: AuditedTable },
): void {
  const parts = partsOf(node).with?.expressions ?? [];
  const names = parts.map((part) => part.name.table.table.identifier.name.toLowerCase());
  if (schema !== undefined || !names.includes(name.toLowerCase())) return;
  throw new AuditNotPossibleError(
    table.label,
    "a part of WITH has its name; give the part another one, or name the schema of the table",
  );
}

/** A statement that touches the rows of a condition only. */
export function restrictedTo(node: OperationNode, condition: Expression<any>): OperationNode {
  const { where } = partsOf(node);
  const all = where === undefined ? condition : sql`(${q(where.where)}) and ${condition}`;
  return copy(node, { where: WhereNode.create(all.toOperationNode()) });
}

/**
 * The rows that an INSERT would meet, by the columns of these keys.
 *
 * @throws {AuditNotPossibleError} where they cannot be told
 */
export function metRows(
  node: OperationNode,
  { table, alias }: Target,
  uniques: readonly (readonly (string | undefined)[])[],
): Expression<any> | undefined {
  const { columns, values } = partsOf(node);
  const given = (columns ?? table.info.columns.filter(({ generated }) => !generated)
    .map(({ name }) => ({ column: { name } }))).map(({ column }) => column.name.toLowerCase());
  const lists = valueLists(values);
  const conditions = uniques.flatMap((unique) => {
    const places = unique.map((name) => {
      if (name === undefined) {
        throw new AuditNotPossibleError(
          table.label,
          "it has a unique key over an expression, so the rows that it would replace cannot be told",
        );
      }
      return given.indexOf(name.toLowerCase());
    });
    const isGiven = places.every((place) => place >= 0);
    if (!isGiven) {
      const missing = unique.filter((_, i) => places[i]! < 0);
      const defaulted = table.info.columns.some(({ name, defaulted }) =>
        defaulted && missing.includes(name)
      );
      if (!defaulted) return [];
      throw new AuditNotPossibleError(
        table.label,
        `the row it would replace may have the default of "${
          missing[0]
        }"; give that column a value`,
      );
    }
    const isSame = (value: (i: number) => Expression<any>): Expression<any> =>
      sql`(${
        joined(unique.map((name, i) => sql`${refTo(name!, alias)} = ${value(places[i]!)}`), " and ")
      })`;
    if (lists !== undefined) return lists.map((list) => isSame((place) => list[place]!));
    return [sql`exists (select 1 from (${named(values!, given.length)}) as kysera_source
      where ${isSame((place) => sql`kysera_source.${id(`c${place}`)}`)})`];
  });
  return conditions.length === 0 ? undefined : sql`(${joined(conditions, " or ")})`;
}

/** A SELECT whose columns have names that are known. */
function named(values: OperationNode, count: number): Expression<any> {
  const names = Array.from({ length: count }, (_, i) => sql`null as ${id(`c${i}`)}`);
  // A union has the names of its first part, which has no rows.
  return sql`select ${sql.join(names)} where 1 = 0 union all select * from (${q(values)}) as s`;
}
