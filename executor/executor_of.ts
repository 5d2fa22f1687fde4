import type { Kysely } from "kysely";

/**
 * An executor, a transaction of one, a plain Kysely, or another handle, as a parameter that `DB` is
 * inferred from. (From a parameter of type `Kysely<DB>` TypeScript infers it for `Kysely` alone, not
 * for a `Transaction` or an executor.)
 *
 * @example
 * ```ts
 * import type { ExecutorOf } from "@kysera/executor";
 *
 * export async function countOf<DB>(db: ExecutorOf<DB>, table: keyof DB & string): Promise<number> {
 *   const rows = await db.selectFrom(table).select((eb) => eb.fn.countAll().as("n")).execute();
 *   return Number(rows[0]?.["n"]);
 * }
 * ```
 */
export type ExecutorOf<DB> = Kysely<any> & { readonly dynamic: Kysely<DB>["dynamic"] };
