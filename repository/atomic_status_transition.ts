import {
  assertKnownOptions,
  BadRequestError,
  type Selectable,
  type Updateable,
} from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import { type AnyKysely, kyselyOf } from "@kysera/executor";
import type { Kysely } from "kysely";
import { assertColumn } from "./_columns.ts";
import { readBack } from "./_insert.ts";
import { type Row, Table } from "./_table.ts";
import { TRIES } from "./_together.ts";
import { define } from "./create_repository.ts";
import { MultipleRowsError } from "./errors.ts";
import type { TableName } from "./types.ts";
import type { Where } from "./where.ts";

/** Options of {@linkcode atomicStatusTransition}. */
export interface StatusTransitionOptions<Row> {
  /** The column of the status. Default `"status"`. */
  readonly statusColumn?: (keyof Selectable<Row> & string) | undefined;
  /** The status that the row must have, or the list of those it may have. */
  readonly fromStatus: unknown;
  /** The status that it gets. */
  readonly toStatus: unknown;
  /** What else is changed. */
  readonly additionalUpdates?: Updateable<Row> | undefined;
  /** Whether the row is given back. Default `true`. */
  readonly returning?: boolean | undefined;
  /** The key, by which the row is read where the dialect has no RETURNING. Default `"id"`. */
  readonly primaryKey?:
    | (keyof Selectable<Row> & string)
    | readonly (keyof Selectable<Row> & string)[]
    | undefined;
}

const OPTIONS = [
  "statusColumn",
  "fromStatus",
  "toStatus",
  "additionalUpdates",
  "returning",
  "primaryKey",
];

/**
 * Changes the status of a row if it has the status that it must have. Of several callers that try
 * at the same time one succeeds. The plugins of the executor apply.
 *
 * @param db an executor, a transaction, or a plain Kysely
 * @param table the table
 * @param where which row, as `find` takes it
 * @param options see {@linkcode StatusTransitionOptions}
 * @returns the row as it is now (`true` where `returning` is `false`), or `null` where no row fits or
 * it has another status
 * @throws {MultipleRowsError} where several rows fit; none is changed then
 * @throws {BadRequestError} for an unknown option, or one that is wrong
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { atomicStatusTransition } from "@kysera/repository";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table orders (id integer primary key, status text, paid_at text)");
 * database.exec("insert into orders values (1, 'open', null)");
 * const db = new Kysely<{ orders: { id: number; status: string; paid_at: string | null } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const pay = () =>
 *   atomicStatusTransition(db, "orders", { id: 1 }, {
 *     fromStatus: ["open", "late"],
 *     toStatus: "paid",
 *     additionalUpdates: { paid_at: "2026-01-31" },
 *   });
 * const paid = await pay();
 * assert.ok(paid !== null && paid.status === "paid");
 * assert.equal(await pay(), null);
 * await db.destroy();
 * ```
 */
export function atomicStatusTransition<DB, T extends TableName<DB>>(
  db: AnyKysely<DB>,
  table: T,
  where: Where<DB[T]>,
  options: StatusTransitionOptions<DB[T]> & { readonly returning: false },
): Promise<true | null>;
/** Changes the status of a row, and gives the row back. */
export function atomicStatusTransition<DB, T extends TableName<DB>>(
  db: AnyKysely<DB>,
  table: T,
  where: Where<DB[T]>,
  options: StatusTransitionOptions<DB[T]>,
): Promise<Selectable<DB[T]> | null>;
export async function atomicStatusTransition(
  given: AnyKysely<any>,
  tableName: string,
  where: object,
  options: StatusTransitionOptions<any>,
): Promise<unknown> {
  assertKnownOptions(options, OPTIONS, { action: "change the status" });
  const { statusColumn = "status", fromStatus, toStatus, returning = true } = options;
  assertColumn(statusColumn, "change the status");
  const from = Array.isArray(fromStatus) ? fromStatus : [fromStatus];
  if (from.length === 0 || [...from, toStatus].some((each) => each === undefined)) {
    throw new BadRequestError("Cannot change the status: fromStatus and toStatus must be given");
  }
  const db = kyselyOf(given);
  const definition = define({ tableName, primaryKey: options.primaryKey }, db);
  const change = new Table(definition, db);
  await change.know();
  const set = await change.row(
    { ...options.additionalUpdates, [statusColumn]: toStatus },
    "update",
  );
  const any = from.map((status) => ({ [statusColumn]: status }));
  const read = change.condition({ and: [where, { or: any }] });

  return await withTransaction(db, async ({ db }: { readonly db: Kysely<any> }) => {
    const inside = new Table(definition, db);
    const matching = <Q extends { where(condition: any): Q }>(query: Q): Q =>
      query.where((eb: any) => inside.bound(read, eb));
    const update = matching(db.updateTable(tableName).set(set) as any) as any;
    if (inside.returns) {
      const rows: unknown[] = await update.returningAll().execute();
      if (rows.length > 1) throw new MultipleRowsError(tableName);
      return rows.length === 0 ? null : returning ? rows[0] : true;
    }
    // The row that is locked is the row that is changed.
    const before: Row[] = await matching(db.selectFrom(tableName).selectAll() as any).forUpdate()
      .execute();
    if (before.length > 1) throw new MultipleRowsError(tableName);
    if (before.length === 0) return null;
    await update.execute();
    if (!returning) return true;
    const known: Row = { ...before[0]!, ...set };
    return await readBack(inside, definition.primaryKey.map((column) => known[column]), known);
  }, db.isTransaction ? {} : { retry: TRIES });
}
