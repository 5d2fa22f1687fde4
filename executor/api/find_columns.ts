import { detectDialect } from "@kysera/core";
import {
  ColumnNode,
  FromNode,
  type Kysely,
  type QueryId,
  ReferenceNode,
  SelectionNode,
  type SelectQueryNode,
  TableNode,
} from "kysely";
import type { Relation, RelationColumn } from "../contract/relation.ts";
import { parseTableName } from "../contract/table_scope.ts";
import { TRAITS } from "../dialect/mod.ts";
import { plainOf, writtenNames } from "./_written_names.ts";
import { currentRelationOf, physicalNames, relationOf } from "./_table_catalog.ts";

/** What the catalog says of the columns of a table. */
export interface FoundColumns {
  /** The table. */
  readonly relation: Relation;
  /**
   * Returns a column.
   *
   * @param column its name, as queries of the executor write it
   */
  find(column: string): RelationColumn | undefined;
  /**
   * Returns whether queries may name a column, which may be one that the catalog does not list.
   *
   * @param column its name, as queries of the executor write it
   */
  has(column: string): boolean;
  /** Returns the names of the columns, as rows of the executor have them. */
  names(): Promise<readonly string[]>;
  /** Returns the names of the columns that hold JSON though their type does not say so. */
  jsonColumns(): Promise<readonly string[]>;
  /** Returns whether the database itself gives a value to a column that must have one. */
  fillsMissing(): Promise<boolean>;
}

/** Options of {@linkcode findColumns}. */
export interface FindColumnsOptions {
  /** Whether the catalog is asked again, since the table may have changed. Default `false`. */
  readonly reread?: boolean | undefined;
}

/**
 * Returns the columns of a table, as the catalog has them. The catalog is asked once for each table.
 *
 * @param executor the executor, a transaction of it, or another instance; a plain Kysely as well
 * @param table the table, as queries of the executor write it
 * @param options see {@linkcode FindColumnsOptions}
 * @returns the columns; `undefined` where the catalog does not tell of one such table
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { findColumns } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table items (id integer primary key, label text not null)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const items = await findColumns(db, "items");
 * assert.deepEqual(await items?.names(), ["id", "label"]);
 * assert.equal(items?.has("lable"), false);
 * assert.equal(items?.find("id")?.isOptional, true);
 * assert.equal(items?.find("label")?.isOptional, false);
 * await db.destroy();
 * ```
 */
export async function findColumns(
  executor: Kysely<any>,
  table: string,
  { reread = false }: FindColumnsOptions = {},
): Promise<FoundColumns | undefined> {
  const relation = await (reread ? currentRelationOf : relationOf)(executor, table);
  if (relation === undefined || relation.columns.length === 0) return undefined;
  const { identifiers: { foldCase }, catalog } = TRAITS[detectDialect(executor)];
  const byName = new Map(relation.columns.map((column) => [foldCase(column.name), column]));
  const seen = new Map<string, RelationColumn | undefined>();
  const find = (column: string): RelationColumn | undefined => {
    if (seen.has(column)) return seen.get(column);
    const found = byName.get(foldCase(column)) ??
      byName.get(foldCase(physicalColumn(executor, table, column)));
    if (seen.size < MOST_NAMES) seen.set(column, found);
    return found;
  };
  return {
    relation,
    find,
    has: (column) =>
      find(column) !== undefined || relation.hasHiddenColumns === true ||
      catalog.hiddenColumns.includes(foldCase(column)),
    names: () => writtenNames(executor, relation.columns.map(({ name }) => name)),
    jsonColumns: async () =>
      await (await catalog.reader?.())?.readJsonColumns?.(
        plainOf(executor),
        physicalNames(executor, parseTableName(table)),
      ) ?? [],
    fillsMissing: async () =>
      await (await catalog.reader?.())?.fillsMissing?.(
        plainOf(executor),
        physicalNames(executor, parseTableName(table)),
      ) ?? false,
  };
}

/** Names may be those of requests: a bound keeps them from piling up. */
const MOST_NAMES = 1_000;

/** Returns the name of a column after the Kysely plugins of an executor. */
function physicalColumn(executor: Kysely<any>, table: string, column: string): string {
  const inner = plainOf(executor).getExecutor();
  if (inner.plugins.length === 0) return column;
  const { name, schema } = parseTableName(table);
  const from = schema === undefined
    ? TableNode.create(name)
    : TableNode.createWithSchema(schema, name);
  const reference = ReferenceNode.create(ColumnNode.create(column), from);
  const node: SelectQueryNode = {
    kind: "SelectQueryNode",
    from: FromNode.create([from]),
    selections: [SelectionNode.create(reference)],
  };
  const changed = inner.transformQuery(node, NO_QUERY) as SelectQueryNode;
  const selected = changed.selections?.[0]?.selection as ReferenceNode | undefined;
  return selected?.column?.kind === "ColumnNode" ? selected.column.column.name : column;
}

const NO_QUERY: QueryId = { queryId: "" };
