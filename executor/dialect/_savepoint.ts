import { CompiledQuery } from "kysely";

/** The savepoint of an atomic section. */
export const ATOMIC_SAVEPOINT = "kysera_atomic";

/** The commands of standard SQL. */
export const SET: CompiledQuery = CompiledQuery.raw(`savepoint ${ATOMIC_SAVEPOINT}`);
export const ROLLBACK_TO: CompiledQuery = CompiledQuery.raw(
  `rollback to savepoint ${ATOMIC_SAVEPOINT}`,
);
export const RELEASE: CompiledQuery = CompiledQuery.raw(`release savepoint ${ATOMIC_SAVEPOINT}`);
