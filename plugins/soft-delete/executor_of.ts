import type { Kysely } from "kysely";

/**
 * An executor, a transaction of one, or another handle, as a parameter that `DB` is inferred from.
 * (From a parameter of type `Kysely<DB>` TypeScript infers it for `Kysely` alone, not for a
 * `Transaction` or an executor.)
 */
export type ExecutorOf<DB> = Kysely<any> & { readonly dynamic: Kysely<DB>["dynamic"] };
