import type { Expression, Kysely, RawBuilder } from "kysely";
import type { Replacement } from "./_replacement.ts";

/** How a dialect keeps two columns in step, and changes them. */
export interface ExpandDialect {
  /**
   * Calls a function whose statements wait for a lock no longer than a time: what comes behind them
   * waits, too. In one transaction, where the dialect can change its schema in one.
   */
  briefly(
    db: Kysely<any>,
    replacement: Replacement,
    body: (db: Kysely<any>) => Promise<void>,
  ): Promise<void>;
  /** Looks at the table before anything is changed, and makes room for writers of the new column. */
  prepare(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Undoes what `prepare` has changed. */
  restore(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Creates the triggers that write one column when the other one is written. */
  createTriggers(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Drops them. */
  dropTriggers(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Whether two values are the same, NULL included. */
  isSame(one: Expression<unknown>, other: Expression<unknown>): RawBuilder<boolean>;
  /** Has the new column refuse NULL, without a long lock where that is possible. */
  setNotNull(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Has the old column refuse NULL again, when its values are back. */
  setOldNotNull(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Lets the new column take NULL again. */
  dropNotNull(db: Kysely<any>, replacement: Replacement): Promise<void>;
}
