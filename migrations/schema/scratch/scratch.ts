import type { Kysely } from "kysely";

/**
 * Calls a function with an empty database that nobody else has, and removes it afterwards, whatever
 * happens.
 */
export type Scratch = <T>(body: (db: Kysely<any>) => Promise<T>) => Promise<T>;
