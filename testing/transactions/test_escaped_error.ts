/**
 * The code under test has ended the transaction of its test, so that what it wrote before stays, and
 * what it wrote after was committed statement by statement.
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { TestEscapedError, testInTransaction } from "@kysera/testing";
 * import { Kysely, sql } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<object>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const test = testInTransaction(db, async (trx) => {
 *   await sql`commit`.execute(trx);
 * });
 * await assert.rejects(test, TestEscapedError);
 * await db.destroy();
 * ```
 */
export class TestEscapedError extends Error {
  static {
    this.prototype.name = "TestEscapedError";
  }

  /**
   * Makes an error.
   *
   * @param options the error that the test itself ended with, if any, as `cause`
   */
  constructor(options?: ErrorOptions) {
    super(
      "Cannot roll back the test: the code under test ended its transaction (COMMIT, ROLLBACK, or a " +
        "statement that commits, such as CREATE TABLE on MySQL), and what it wrote may have stayed; " +
        "use a database of its own for it, or let it begin its transactions on `test.db`",
      options,
    );
  }
}
