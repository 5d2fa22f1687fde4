import type { Expression, Kysely, RawBuilder } from "kysely";
import type { Replacement } from "./_replacement.ts";

/** How a dialect keeps two columns in sync, and changes them. */
export interface ExpandDialect {
  /**
   * Calls a function whose statements wait for locks no longer than the option says, in a transaction if
   * the dialect has transactional DDL.
   */
  briefly(
    db: Kysely<any>,
    replacement: Replacement,
    body: (db: Kysely<any>) => Promise<void>,
  ): Promise<void>;
  /** Checks the table, and lets writers of the new column leave the old one out. */
  prepare(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Undoes what `prepare` has changed. */
  restore(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Creates the triggers that write one column when the other one is written. */
  createTriggers(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Drops them. */
  dropTriggers(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Compares two values; NULL equals NULL. */
  isSame(one: Expression<unknown>, other: Expression<unknown>): RawBuilder<boolean>;
  /** Makes the new column NOT NULL, without a long lock if possible. */
  setNotNull(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Makes the old column NOT NULL again, once its values are restored. */
  setOldNotNull(db: Kysely<any>, replacement: Replacement): Promise<void>;
  /** Makes the new column nullable again. */
  dropNotNull(db: Kysely<any>, replacement: Replacement): Promise<void>;
}
