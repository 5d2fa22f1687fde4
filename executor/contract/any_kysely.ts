import type { DynamicModule, Kysely, QueryExecutor } from "kysely";
import type { ExecutorOf } from "./executor_of.ts";

/**
 * An executor, a transaction of one, a plain Kysely, or another instance, as a parameter that `DB`
 * is inferred from, with no more members than tell what it is.
 *
 * A function that takes this costs the type checker next to nothing, where one that takes
 * {@linkcode ExecutorOf} has two Kyselys compared member by member. {@linkcode kyselyOf} gives the
 * Kysely that it is.
 *
 * @example
 * ```ts
 * import { type AnyKysely, kyselyOf } from "@kysera/executor";
 *
 * export async function isEmpty<DB>(db: AnyKysely<DB>, table: keyof DB & string): Promise<boolean> {
 *   const rows = await kyselyOf(db).selectFrom(table).selectAll().limit(1).execute();
 *   return rows.length === 0;
 * }
 * ```
 */
export interface AnyKysely<DB> {
  /** See `Kysely.dynamic`: what the database is inferred from. */
  readonly dynamic: DynamicModule<DB>;
  /** See `Kysely.isTransaction`. */
  readonly isTransaction: boolean;
  /** See `Kysely.getExecutor()`. */
  getExecutor(): QueryExecutor;
}

/**
 * Returns the Kysely that a parameter is; it is the same object.
 *
 * @param db the parameter
 *
 * @example
 * ```ts
 * import { type AnyKysely, kyselyOf } from "@kysera/executor";
 *
 * interface Database {
 *   users: { id: number; name: string };
 * }
 *
 * export async function names(db: AnyKysely<Database>): Promise<string[]> {
 *   const users = await kyselyOf(db).selectFrom("users").select("name").execute();
 *   return users.map(({ name }) => name);
 * }
 * ```
 */
export function kyselyOf<DB>(db: AnyKysely<DB>): ExecutorOf<DB> {
  // Nothing but a Kysely has the query executor of one.
  return db as unknown as Kysely<any> as ExecutorOf<DB>;
}
