import type { Kysely } from "kysely";

/**
 * An executor, a transaction of one, a plain Kysely, or another instance, as a parameter that `DB`
 * is inferred from. (From a parameter of type `Kysely<DB>` TypeScript infers it for `Kysely` alone,
 * not for a `Transaction` or an executor.)
 *
 * @example
 * ```ts
 * import type { ExecutorOf } from "@kysera/executor";
 * import type { Kysely } from "kysely";
 *
 * export async function isEmpty<DB>(db: ExecutorOf<DB>, table: keyof DB & string): Promise<boolean> {
 *   const any: Kysely<any> = db;
 *   return await any.selectFrom(table).selectAll().limit(1).executeTakeFirst() === undefined;
 * }
 * ```
 */
export type ExecutorOf<DB> = Kysely<any> & { readonly dynamic: Kysely<DB>["dynamic"] };
