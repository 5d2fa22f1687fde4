import {
  changeRows,
  findKey,
  physicalTable,
  type RowCondition,
  withMetadata,
} from "@kysera/executor";
import {
  type Expression,
  type ExpressionBuilder,
  type ExpressionWrapper,
  type Kysely,
  sql,
  type SqlBool,
} from "kysely";
import { atomically } from "./_atomically.ts";
import { ACT, Act } from "./_flags.ts";
import type { SoftDeleteHooks } from "./_hooks.ts";
import type { Relation, Tree } from "./_relations.ts";
import { invalidKey } from "./_state.ts";
import { SoftDeleteError } from "./errors.ts";
import { markRows } from "./_mark_rows.ts";
import { onlyDeleted } from "./only_deleted.ts";

type Eb = ExpressionBuilder<any, any>;

/** Rows with all that belongs to them. */
export interface TreeChange {
  readonly hooks: SoftDeleteHooks;
  readonly tree: Tree;
  /** The table that the rows are of. */
  readonly table: string;
  /** Which rows: a key, several, or a condition. */
  readonly rows: unknown;
}

/** A relation whose columns are all known. */
interface Link extends Relation {
  readonly referencedColumns: readonly string[];
}

/** Names that no table and no column of a user has. */
const CHILD = "kyserachild";
const PARENT = "kyseraparent";

/**
 * Deletes rows with all that belongs to them, or nothing.
 *
 * | step                                                                                         |
 * | -------------------------------------------------------------------------------------------- |
 * | mark the rows, unless live rows belong to them by a relation that restricts                  |
 * | per relation that cascades: mark the live rows that belong to one that has the deletion's id |
 * | see whether a live row is left that belongs to one that has the id: if so undo it all        |
 *
 * The caller's other plugins have their say in each of them: rows that they hide are left.
 */
export function deleteTree(executor: Kysely<any>, change: TreeChange): Promise<number> {
  const { hooks, tree, table, rows } = change;
  return atomically(executor, async (transaction) => {
    const deletion = hooks.deletion();
    const marking = withMetadata(transaction, { onDelete: "soft", [ACT]: deletion });
    const seeing = withMetadata(marking, { includeDeleted: true });
    const [cascades, restricts] = await linksOf(transaction, hooks, tree);
    const inDeletion = new InTree(hooks, deletion.id);
    const cascaded = new Set(cascades.map((link) => nameOf(transaction, link.table)));
    const root = nameOf(transaction, table);
    // Rows that may be deleted themselves are looked at when they had their turn.
    const first = restricts.filter((link) =>
      nameOf(transaction, link.references) === root &&
      !cascaded.has(nameOf(transaction, link.table))
    );
    const rowsOf = {
      table,
      key: hooks.keyOf({ name: table }),
      rows,
      invalid: invalidKey,
    };
    const marked = new Map<string, number>();
    const note = (name: string, count: number): number => {
      marked.set(name, (marked.get(name) ?? 0) + count);
      return count;
    };
    const changed = await changeRows(marking, rowsOf, async (handle, where) => {
      const count = await markRows(
        handle,
        table,
        (eb) =>
          eb.and([where(eb), ...first.map((link) => eb.not(hasLive(eb, link, table, hooks)))]),
      );
      for (const link of first) {
        const left = await seeing.selectFrom(table).select(ONE)
          .where(where)
          .where((eb) => hooks.live(columnOf(eb, table, hooks.column), eb))
          .where((eb) => hasLive(eb, link, table, hooks))
          .limit(1).execute();
        if (left.length > 0) throw restricted(table, link);
      }
      return note(root, count);
    });
    // Where nothing cascades the statement has looked at all there is.
    if (changed === 0 || cascades.length === 0) return changed;
    for (const link of cascades) {
      const mark = (): Promise<number> =>
        markRows(seeing, link.table, (eb) => inDeletion.owns(eb, link, link.table));
      let count: number;
      do count = note(nameOf(transaction, link.table), await mark()); while (
        link.isSelf && count > 0
      );
    }
    await mustBeSeen(seeing, hooks, deletion.id, marked, [...cascades, ...restricts]);
    for (const link of [...restricts, ...cascades]) {
      const left = await seeing.selectFrom(`${link.table} as ${CHILD}`).select(ONE)
        .where((eb) => eb.and(liveOf(eb, link, CHILD, hooks)))
        .where((eb) => inDeletion.owns(eb, link, CHILD))
        .limit(1).execute();
      if (left.length === 0) continue;
      throw link.onDelete === "restrict" ? restricted(table, link) : refused("delete", table, link);
    }
    return changed;
  });
}

/**
 * Restores rows, and what was deleted with them and belongs to them: rows that had been deleted before
 * have another id, and stay deleted. What was restored has an id of its own, so that it is known from
 * rows of the same deletion that were restored earlier.
 */
export function restoreTree(executor: Kysely<any>, change: TreeChange): Promise<number> {
  const { hooks, tree, table, rows } = change;
  const { column, deletionColumn, visible } = hooks;
  return atomically(executor, async (transaction) => {
    const restoring = withMetadata(transaction, { [ACT]: Act.restore });
    const seeing = withMetadata(transaction, { includeDeleted: true });
    const [cascades] = await linksOf(transaction, hooks, tree);
    const rowsOf = {
      table,
      key: hooks.keyOf({ name: table }),
      rows,
      seen: onlyDeleted,
      invalid: invalidKey,
    };
    return await changeRows(restoring, rowsOf, async (handle, where) => {
      const deletions = await onlyDeleted(transaction).selectFrom(table)
        .select(`${table}.${deletionColumn} as id`).distinct().where(where).execute();
      let restored = 0;
      for (const { id } of deletions) {
        const own = crypto.randomUUID();
        const isOf = (eb: Eb, name: string): Expression<SqlBool> =>
          id === null
            ? eb(columnOf(eb, name, deletionColumn), "is", null)
            : eb(columnOf(eb, name, deletionColumn), "=", id);
        const restore = async (
          on: Kysely<any>,
          name: string,
          condition: RowCondition,
        ): Promise<number> => {
          const { numUpdatedRows } = await on.updateTable(name)
            .set({ [column]: visible, [deletionColumn]: own })
            .where((eb) => eb.and([condition(eb), isOf(eb, name)]))
            .executeTakeFirst();
          return Number(numUpdatedRows);
        };
        const count = await restore(handle, table, where);
        restored += count;
        // Of rows that were deleted without an id nobody knows what was deleted with them.
        if (count === 0 || id === null) continue;
        const inTree = new InTree(hooks, own);
        const marked = new Map([[nameOf(transaction, table), count]]);
        for (const link of cascades) {
          const name = nameOf(transaction, link.table);
          let more: number;
          do {
            more = await restore(
              restoring,
              link.table,
              (eb) => inTree.owns(eb, link, link.table),
            );
            marked.set(name, (marked.get(name) ?? 0) + more);
          } while (link.isSelf && more > 0);
        }
        await mustBeSeen(seeing, hooks, own, marked, cascades);
        for (const link of cascades) {
          const left = await seeing.selectFrom(`${link.table} as ${CHILD}`).select(ONE)
            .where((eb) => hooks.deleted(columnOf(eb, CHILD, column), eb))
            .where((eb) => isOf(eb, CHILD))
            .where((eb) => inTree.owns(eb, link, CHILD))
            .limit(1).execute();
          if (left.length > 0) throw refused("restore", table, link);
        }
      }
      return restored;
    });
  });
}

const ONE = sql.lit(1).as("one");

/** The rows that have the id of a deletion, or of what was restored. */
class InTree {
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
    return eb.exists(
      eb.selectFrom(parents).select(ONE).where((inner) =>
        inner.and(
          columns.map((column, i) =>
            inner(
              columnOf(inner, child, column),
              "=",
              columnOf(inner, PARENT, referencedColumns[i]!),
            )
          ),
        )
      ),
    );
  }
}

/** Whether live rows belong to a row by a relation. */
function hasLive(eb: Eb, link: Link, parent: string, hooks: SoftDeleteHooks): Expression<SqlBool> {
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

function liveOf(
  eb: Eb,
  { isMarked }: Link,
  name: string,
  hooks: SoftDeleteHooks,
): Expression<SqlBool>[] {
  return isMarked ? [hooks.live(columnOf(eb, name, hooks.column), eb)] : [];
}

/** Qualified, because SQLite takes an unknown quoted name for a string. */
function columnOf(eb: Eb, table: string, column: string): ExpressionWrapper<any, any, any> {
  return eb.ref(`${table}.${column}`) as ExpressionWrapper<any, any, any>;
}

/** The relations with the columns that they refer to. */
async function linksOf(
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

/**
 * What belongs to rows is found by the rows themselves: another plugin must not hide them as soon as
 * they are changed.
 */
async function mustBeSeen(
  seeing: Kysely<any>,
  hooks: SoftDeleteHooks,
  id: string,
  marked: ReadonlyMap<string, number>,
  links: readonly Link[],
): Promise<void> {
  const parents = new Map(links.map((link) => [nameOf(seeing, link.references), link.references]));
  for (const [name, table] of parents) {
    const wanted = marked.get(name) ?? 0;
    if (wanted === 0) continue;
    const { count } = await seeing.selectFrom(table).select((eb) => eb.fn.countAll().as("count"))
      .where((eb) => eb(columnOf(eb, table, hooks.deletionColumn), "=", id))
      .executeTakeFirstOrThrow();
    if (Number(count) === wanted) continue;
    throw new SoftDeleteError(
      `Cannot change rows of "${table}" with what belongs to them: another plugin hides them from ` +
        "the caller when they are changed, so that nobody knows what belongs to them",
      "CASCADE_REFUSED",
    );
  }
}

function nameOf(executor: Kysely<any>, table: string): string {
  const { name, schema } = physicalTable(executor, table);
  return schema === undefined ? name : `${schema}.${name}`;
}

function restricted(table: string, link: Link): SoftDeleteError {
  return new SoftDeleteError(
    `Cannot soft-delete rows of "${table}": rows of "${link.table}" that are not deleted belong to ` +
      `${table === link.references ? "them" : `rows of "${link.references}"`} ` +
      `(${link.columns.map((column) => `"${column}"`).join(", ")}); delete those first`,
    "RESTRICTED",
  );
}

function refused(action: string, table: string, link: Link): SoftDeleteError {
  return new SoftDeleteError(
    `Cannot ${action} rows of "${table}": rows of "${link.table}" belong to them that the caller may ` +
      `not ${action}`,
    "CASCADE_REFUSED",
  );
}
