import { hasInteractiveTransactions } from "@kysera/core";
import {
  BatchExpectationError,
  type BatchQuery,
  type BatchRunner,
  getRawDb,
  type RowCondition,
  rowConditions,
  withMetadata,
} from "@kysera/executor";
import type {
  DeleteResult,
  Expression,
  Kysely,
  OperationNode,
  SqlBool,
  UpdateResult,
} from "kysely";
import { ACT, Act } from "./_flags.ts";
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
import { marked } from "./_mark_rows.ts";
import { onlyDeleted } from "./only_deleted.ts";

/**
 * Trees of rows where the database has no interactive transactions. The statements of `_cascade.ts`
 * are one batch:
 *
 * | there                                                | here                                        |
 * | ---------------------------------------------------- | ------------------------------------------- |
 * | a query says whether to go on                        | a query that has to return no row           |
 * | rows of one table are marked until no more are found | one statement, of all that are found in turn |
 * | rows that were marked are counted                    | they are counted past the plugins           |
 */
export function needsBatch(executor: Kysely<any>): boolean {
  return !executor.isTransaction && !hasInteractiveTransactions(executor) &&
    typeof (executor as Partial<BatchRunner<any>>).batch === "function";
}

type Build = (db: Kysely<any>) => BatchQuery<any>;

/** Deletes rows with all that belongs to them, or nothing. */
export async function deleteInBatch(executor: Kysely<any>, change: TreeChange): Promise<number> {
  const { hooks, tree, table } = change;
  const deletion = hooks.deletion();
  const { id } = deletion;
  const inDeletion = new InTree(hooks, id);
  const marking = (db: Kysely<any>): Kysely<any> =>
    withMetadata(db, { onDelete: "soft", [ACT]: deletion });
  const seeing = (db: Kysely<any>): Kysely<any> =>
    withMetadata(marking(db), { includeDeleted: true });
  const [cascades, restricts] = await linksOf(executor, hooks, tree);
  const conditions = await rowConditions(marking(executor), rowsToChange(change));
  const first = firstOf(executor, table, cascades, restricts);
  const steps = new Steps();
  for (const where of conditions) {
    steps.change((db) =>
      marked(
        marking(db),
        table,
        (eb) =>
          eb.and([where(eb), ...first.map((link) => eb.not(hasLive(eb, link, table, hooks)))]),
      )
    );
    for (const link of first) {
      steps.none(restricted(table, link), (db) =>
        seeing(db).selectFrom(table).select(ONE)
          .where(where)
          .where((eb) => hooks.live(columnOf(eb, table, hooks.column), eb))
          .where((eb) => hasLive(eb, link, table, hooks))
          .limit(1));
    }
  }
  if (cascades.length > 0) {
    for (const link of cascades) {
      steps.follow((db) => {
        const handle = seeing(db);
        const isNext = (eb: Eb): Expression<SqlBool> => eb.and(liveOf(eb, link, link.table, hooks));
        return marked(
          handle,
          link.table,
          (eb) =>
            link.isSelf
              ? inDeletion.ownsInTurn(eb, handle, link, isNext)
              : inDeletion.owns(eb, link, link.table),
        );
      });
    }
    const links = [...restricts, ...cascades];
    steps.seen(executor, links, hooks.deletionColumn, id, seeing);
    for (const link of links) {
      const error = link.onDelete === "restrict"
        ? restricted(table, link)
        : refused("delete", table, link);
      steps.none(error, (db) =>
        seeing(db).selectFrom(`${link.table} as ${CHILD}`).select(ONE)
          .where((eb) => eb.and(liveOf(eb, link, CHILD, hooks)))
          .where((eb) => inDeletion.owns(eb, link, CHILD))
          .limit(1));
    }
  }
  return await steps.run(executor);
}

/** Restores rows, and what was deleted with them and belongs to them, or nothing. */
export async function restoreInBatch(executor: Kysely<any>, change: TreeChange): Promise<number> {
  const { hooks, tree, table } = change;
  const { column, deletionColumn, visible } = hooks;
  const seeing = (db: Kysely<any>): Kysely<any> => withMetadata(db, { includeDeleted: true });
  const restoring = (db: Kysely<any>): Kysely<any> =>
    withMetadata(seeing(db), { [ACT]: Act.restore });
  const [cascades] = await linksOf(executor, hooks, tree);
  const steps = new Steps();
  for (const where of await rowConditions(executor, rowsToChange(change, onlyDeleted))) {
    // What is deleted anew meanwhile has another id, and is left.
    for (const id of await deletionsOf(executor, change, where)) {
      const own = crypto.randomUUID();
      const inTree = new InTree(hooks, own);
      const restore = (handle: Kysely<any>, name: string, condition: RowCondition) =>
        handle.updateTable(name)
          .set({ [column]: visible, [deletionColumn]: own })
          .where((eb) => eb.and([condition(eb), isOfDeletion(eb, name, hooks, id)]));
      steps.change((db) => restore(withMetadata(db, { [ACT]: Act.restore }), table, where));
      // Of rows that were deleted without an id nobody knows what was deleted with them.
      if (id === null) continue;
      for (const link of cascades) {
        steps.follow((db) => {
          const handle = restoring(db);
          const isNext = (eb: Eb): Expression<SqlBool> =>
            eb.and([
              hooks.deleted(columnOf(eb, link.table, column), eb),
              isOfDeletion(eb, link.table, hooks, id),
            ]);
          return restore(
            handle,
            link.table,
            (eb) =>
              link.isSelf
                ? inTree.ownsInTurn(eb, handle, link, isNext)
                : inTree.owns(eb, link, link.table),
          );
        });
      }
      steps.seen(executor, cascades, deletionColumn, own, seeing);
      for (const link of cascades) {
        steps.none(
          refused("restore", table, link),
          (db) =>
            seeing(db).selectFrom(`${link.table} as ${CHILD}`).select(ONE)
              .where((eb) => hooks.deleted(columnOf(eb, CHILD, column), eb))
              .where((eb) => isOfDeletion(eb, CHILD, hooks, id))
              .where((eb) => inTree.owns(eb, link, CHILD))
              .limit(1),
        );
      }
    }
  }
  return await steps.run(executor);
}

/** The statements of a batch, in their order. */
class Steps {
  readonly #builds: Build[] = [];
  /** The steps whose rows are those that were asked for. */
  readonly #asked = new Set<number>();
  /** The errors of queries that have to return no row. */
  readonly #errors = new Map<number, Error>();

  /** Adds a statement that changes rows which were asked for. */
  change(build: Build): void {
    this.#asked.add(this.#builds.push(build) - 1);
  }

  /** Adds a statement that changes rows which belong to others. */
  follow(build: Build): void {
    this.#builds.push(build);
  }

  /** Adds a query that has to return no row. */
  none(error: Error, build: Build): void {
    this.#errors.set(this.#builds.push(build) - 1, error);
  }

  /**
   * What belongs to rows is found by the rows themselves: another plugin must not hide them as soon as
   * they are changed.
   */
  seen(
    executor: Kysely<any>,
    links: readonly Link[],
    column: string,
    id: string,
    seeing: (db: Kysely<any>) => Kysely<any>,
  ): void {
    const tables = new Map(
      links.map(({ references }) => [nameOf(executor, references), references]),
    );
    for (const table of tables.values()) {
      const count = (db: Kysely<any>): Expression<number> =>
        expressionOf(
          db.selectFrom(table).select((eb) => eb.fn.countAll().as("count"))
            .where((eb) => eb(columnOf(eb, table, column), "=", id)).toOperationNode(),
        );
      this.none(unseen(table), (db) => {
        const raw = getRawDb<any>(db);
        // Both counts are made by now: no Kysely plugin is to see them twice.
        return raw.withoutPlugins().selectNoFrom(ONE)
          .where((eb) => eb(count(raw), "<>", count(seeing(db))));
      });
    }
  }

  /**
   * Runs the statements.
   *
   * @returns how many of the rows that were asked for were changed
   */
  async run(executor: Kysely<any>): Promise<number> {
    if (this.#builds.length === 0) return 0;
    const { batch } = executor as unknown as BatchRunner<any>;
    let results: readonly (readonly (DeleteResult | UpdateResult)[])[];
    try {
      const done = await batch.call(
        executor,
        (b) =>
          Object.fromEntries(this.#builds.map((build, i) => [
            `${STEP}${i}`,
            b.add(build, this.#errors.has(i) ? { expect: { rows: 0 } } : {}),
          ])),
      );
      results = Object.values(done);
    } catch (error) {
      const step = error instanceof BatchExpectationError
        ? this.#errors.get(Number(error.key.slice(STEP.length)))
        : undefined;
      throw step ?? error;
    }
    let changed = 0n;
    for (const i of this.#asked) {
      const [result] = results[i]!;
      changed += "numDeletedRows" in result! ? result.numDeletedRows : result!.numUpdatedRows;
    }
    return Number(changed);
  }
}

const STEP = "step ";

function expressionOf(node: OperationNode): Expression<any> {
  // Never there at run time.
  return { expressionType: undefined, toOperationNode: () => node };
}
