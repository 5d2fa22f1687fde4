import { changeRows, type RowCondition, withMetadata } from "@kysera/executor";
import type { Expression, Kysely, SqlBool } from "kysely";
import { atomically } from "./_atomically.ts";
import { deleteInBatch, needsBatch, restoreInBatch } from "./_cascade_batch.ts";
import { ACT, Act } from "./_flags.ts";
import type { SoftDeleteHooks } from "./_hooks.ts";
import {
  CHILD,
  columnOf,
  deletionsOf,
  type Eb,
  firstOf,
  hasLive,
  InTree,
  isOfDeletion,
  type Link,
  linksOf,
  liveOf,
  nameOf,
  ONE,
  refused,
  restricted,
  rowsToChange,
  type TreeChange,
  unseen,
} from "./_links.ts";
import { markRows } from "./_mark_rows.ts";
import { onlyDeleted } from "./only_deleted.ts";

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
  if (needsBatch(executor)) return deleteInBatch(executor, change);
  const { hooks, tree, table } = change;
  return atomically(executor, async (transaction) => {
    const deletion = hooks.deletion();
    const marking = withMetadata(transaction, { onDelete: "soft", [ACT]: deletion });
    const seeing = withMetadata(marking, { includeDeleted: true });
    const [cascades, restricts] = await linksOf(transaction, hooks, tree);
    const inDeletion = new InTree(hooks, deletion.id);
    const root = nameOf(transaction, table);
    const first = firstOf(transaction, table, cascades, restricts);
    const marked = new Map<string, number>();
    const note = (name: string, count: number): number => {
      marked.set(name, (marked.get(name) ?? 0) + count);
      return count;
    };
    const changed = await changeRows(marking, rowsToChange(change), async (handle, where) => {
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
  if (needsBatch(executor)) return restoreInBatch(executor, change);
  const { hooks, tree, table } = change;
  const { column, deletionColumn, visible } = hooks;
  return atomically(executor, async (transaction) => {
    const restoring = withMetadata(transaction, { [ACT]: Act.restore });
    const seeing = withMetadata(transaction, { includeDeleted: true });
    const [cascades] = await linksOf(transaction, hooks, tree);
    const rowsOf = rowsToChange(change, onlyDeleted);
    return await changeRows(restoring, rowsOf, async (handle, where) => {
      const deletions = await deletionsOf(transaction, change, where);
      let restored = 0;
      for (const id of deletions) {
        const own = crypto.randomUUID();
        const isOf = (eb: Eb, name: string): Expression<SqlBool> =>
          isOfDeletion(eb, name, hooks, id);
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
    throw unseen(table);
  }
}
