import { findKey, physicalTable, type RowChange, type RowCondition } from "@kysera/executor";
import {
  type AliasedExpression,
  type Expression,
  type ExpressionBuilder,
  type ExpressionWrapper,
  type Kysely,
  sql,
  type SqlBool,
} from "kysely";
import type { SoftDeleteHooks } from "./_hooks.ts";
import type { Relation, Tree } from "./_relations.ts";
import { invalidKey } from "./_state.ts";
import { SoftDeleteError } from "./errors.ts";
import { onlyDeleted } from "./only_deleted.ts";

export type Eb = ExpressionBuilder<any, any>;

/** Rows with all that belongs to them. */
export interface TreeChange {
  readonly hooks: SoftDeleteHooks;
  readonly tree: Tree;
  /** The table that the rows are of. */
  readonly table: string;
  /** Which rows: a key, several, or a condition. */
  readonly rows: unknown;
}

/** The rows of the table that are asked for. */
export function rowsToChange(
  { hooks, table, rows }: TreeChange,
  seen?: RowChange["seen"],
): RowChange {
  return { table, key: hooks.keyOf({ name: table }), rows, seen, invalid: invalidKey };
}

/** A relation whose columns are all known. */
export interface Link extends Relation {
  readonly referencedColumns: readonly string[];
}

/** Names that no table and no column of a user has. */
export const CHILD = "kyserachild";
export const PARENT = "kyseraparent";
const TREE = "kyseratree";

export const ONE: AliasedExpression<number, "one"> = sql.lit(1).as("one");

/** The rows that have the id of a deletion, or of what was restored. */
export class InTree {
  readonly #hooks: SoftDeleteHooks;
  readonly #id: string;

  constructor(hooks: SoftDeleteHooks, id: string) {
    this.#hooks = hooks;
    this.#id = id;
  }

  /** Whether a row belongs to one of them. */
  owns(
    eb: Eb,
    { columns, references, referencedColumns }: Link,
    child: string,
  ): Expression<SqlBool> {
    // A table of its own: MySQL reads no table that it writes, but what was read of it.
    const parents = eb.selectFrom(references)
      .select(referencedColumns.map((column) => `${references}.${column}`))
      .distinct()
      .where(columnOf(eb, references, this.#hooks.deletionColumn), "=", this.#id)
      .as(PARENT);
    return belongsTo(eb, child, columns, parents, referencedColumns);
  }

  /**
   * Whether a row belongs to one of them, or to a row that does: of a relation of a table to itself,
   * where rows are changed by one statement.
   *
   * @param db makes the query
   * @param isNext which rows lead on to others
   */
  ownsInTurn(
    eb: Eb,
    db: Kysely<any>,
    { columns, table, referencedColumns }: Link,
    isNext: (eb: Eb) => Expression<SqlBool>,
  ): Expression<SqlBool> {
    const names = referencedColumns.map((_, i) => `kyserapart${i}`);
    const selected = referencedColumns.map((column, i) => `${table}.${column} as ${names[i]!}`);
    const parents = db.withRecursive(
      `${TREE}(${names.join(", ")})`,
      (q) =>
        q.selectFrom(table).select(selected)
          .where((inner: Eb) =>
            inner(columnOf(inner, table, this.#hooks.deletionColumn), "=", this.#id)
          )
          .union(
            q.selectFrom(table)
              .innerJoin(TREE, (join) =>
                columns.reduce(
                  (on, column, i) => on.onRef(`${table}.${column}`, "=", `${TREE}.${names[i]!}`),
                  join,
                ))
              .select(selected).where(isNext),
          ),
    ).selectFrom(TREE).select(names.map((name) => `${TREE}.${name}`)).as(PARENT);
    return belongsTo(eb, table, columns, parents, names);
  }
}

function belongsTo(
  eb: Eb,
  child: string,
  columns: readonly string[],
  parents: AliasedExpression<any, typeof PARENT>,
  referenced: readonly string[],
): Expression<SqlBool> {
  return eb.exists(
    eb.selectFrom(parents).select(ONE).where((inner: Eb) =>
      inner.and(
        columns.map((column, i) =>
          inner(columnOf(inner, child, column), "=", columnOf(inner, PARENT, referenced[i]!))
        ),
      )
    ),
  );
}

/** The relations that restrict, of rows that are not deleted themselves when they had their turn. */
export function firstOf(
  executor: Kysely<any>,
  table: string,
  cascades: readonly Link[],
  restricts: readonly Link[],
): readonly Link[] {
  const cascaded = new Set(cascades.map((link) => nameOf(executor, link.table)));
  const root = nameOf(executor, table);
  return restricts.filter((link) =>
    nameOf(executor, link.references) === root && !cascaded.has(nameOf(executor, link.table))
  );
}

/** Returns the ids of the deletions of the deleted rows that satisfy a condition. */
export async function deletionsOf(
  executor: Kysely<any>,
  { hooks, table }: TreeChange,
  where: RowCondition,
): Promise<readonly (string | null)[]> {
  const rows = await onlyDeleted(executor).selectFrom(table)
    .select(`${table}.${hooks.deletionColumn} as id`).distinct().where(where).execute();
  return rows.map(({ id }) => id);
}

/** Whether a row has the id of a deletion. */
export function isOfDeletion(
  eb: Eb,
  name: string,
  { deletionColumn }: SoftDeleteHooks,
  id: string | null,
): Expression<SqlBool> {
  const column = columnOf(eb, name, deletionColumn);
  return id === null ? eb(column, "is", null) : eb(column, "=", id);
}

/** Whether live rows belong to a row by a relation. */
export function hasLive(
  eb: Eb,
  link: Link,
  parent: string,
  hooks: SoftDeleteHooks,
): Expression<SqlBool> {
  const { table, columns, referencedColumns, isSelf } = link;
  const matches = (inner: Eb): Expression<SqlBool> =>
    inner.and(
      columns.map((column, i) =>
        inner(columnOf(inner, CHILD, column), "=", columnOf(inner, parent, referencedColumns[i]!))
      ),
    );
  if (!isSelf) {
    return eb.exists(
      eb.selectFrom(`${table} as ${CHILD}`).select(ONE)
        .where((inner) => inner.and([matches(inner), ...liveOf(inner, link, CHILD, hooks)])),
    );
  }
  const children = eb.selectFrom(table).select(columns.map((column) => `${table}.${column}`))
    .distinct().where((inner) => inner.and(liveOf(inner, link, table, hooks))).as(CHILD);
  return eb.exists(eb.selectFrom(children).select(ONE).where(matches));
}

export function liveOf(
  eb: Eb,
  { isMarked }: Link,
  name: string,
  hooks: SoftDeleteHooks,
): Expression<SqlBool>[] {
  return isMarked ? [hooks.live(columnOf(eb, name, hooks.column), eb)] : [];
}

/** Qualified, because SQLite takes an unknown quoted name for a string. */
export function columnOf(eb: Eb, table: string, column: string): ExpressionWrapper<any, any, any> {
  return eb.ref(`${table}.${column}`) as ExpressionWrapper<any, any, any>;
}

/** The relations with the columns that they refer to. */
export async function linksOf(
  executor: Kysely<any>,
  hooks: SoftDeleteHooks,
  { cascades, restricts }: Tree,
): Promise<readonly [cascades: readonly Link[], restricts: readonly Link[]]> {
  const link = async (relation: Relation): Promise<Link> => {
    const { references: table, referencedColumns, columns } = relation;
    if (referencedColumns !== undefined) return { ...relation, referencedColumns };
    const key = await findKey(executor, {
      table,
      columns: hooks.keyOf({ name: table }),
      invalid: (problem) =>
        invalidKey(`Cannot find what belongs to rows of "${table}": ${problem}`),
    });
    if (key.columns.length === columns.length) {
      return { ...relation, referencedColumns: key.columns };
    }
    throw invalidKey(
      `Cannot find what belongs to rows of "${table}": its key has ${key.columns.length} columns, ` +
        `and "${relation.table}" refers to it by ${columns.length}; name "referencedColumns"`,
    );
  };
  const all: Link[][] = [];
  for (const relations of [cascades, restricts]) {
    const links: Link[] = [];
    for (const relation of relations) links.push(await link(relation));
    all.push(links);
  }
  return [all[0]!, all[1]!];
}

export function nameOf(executor: Kysely<any>, table: string): string {
  const { name, schema } = physicalTable(executor, table);
  return schema === undefined ? name : `${schema}.${name}`;
}

export function restricted(table: string, link: Link): SoftDeleteError {
  return new SoftDeleteError(
    `Cannot soft-delete rows of "${table}": rows of "${link.table}" that are not deleted belong to ` +
      `${table === link.references ? "them" : `rows of "${link.references}"`} ` +
      `(${link.columns.map((column) => `"${column}"`).join(", ")}); delete those first`,
    "RESTRICTED",
  );
}

export function refused(action: string, table: string, link: Link): SoftDeleteError {
  return new SoftDeleteError(
    `Cannot ${action} rows of "${table}": rows of "${link.table}" belong to them that the caller may ` +
      `not ${action}`,
    "CASCADE_REFUSED",
  );
}

export function unseen(table: string): SoftDeleteError {
  return new SoftDeleteError(
    `Cannot change rows of "${table}" with what belongs to them: another plugin hides them from ` +
      "the caller when they are changed, so that nobody knows what belongs to them",
    "CASCADE_REFUSED",
  );
}
