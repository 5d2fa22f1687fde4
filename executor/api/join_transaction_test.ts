import {
  bindContext,
  createExecutor,
  ExecutorError,
  getContext,
  joinTransaction,
  type Plugin,
  wrapTransaction,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

const hide: Plugin = {
  name: "hide",
  version: "1.0.0",
  filter: (users, { eb }) => eb(users.column("deleted_at"), "is", null),
  check: () => ({ columns: ["id"], says: "id is given", satisfied: ({ id }) => id !== undefined }),
};
const users = (db: Kysely<any>): string => db.selectFrom("users").selectAll().compile().sql;
const isExecutorError = (code: string) => (error: unknown) =>
  error instanceof ExecutorError && error.code === code;

describe("joinTransaction()", () => {
  it("puts the plugins and the context of an executor into a transaction, as wrapTransaction() does", async () => {
    const db = dummy();
    const executor = await createExecutor(db, [hide]);
    const caller = bindContext(executor, { auth: { userId: 7 } });
    await db.transaction().execute((trx) => {
      const joined = joinTransaction(trx, caller);
      assert.equal(users(joined), `select * from "users" where "users"."deleted_at" is null`);
      assert.equal(users(joined), users(wrapTransaction(trx, caller)));
      assert.deepEqual(getContext(joined), { auth: { userId: 7 } });
      // The rules that were loaded for the executor hold as well.
      assert.throws(() => joined.insertInto("users").values({ id: undefined }).compile());
      return Promise.resolve();
    });
  });

  it("refuses what is not a transaction, and what is not an executor", async () => {
    const db = dummy();
    const executor = await createExecutor(db, [hide]);
    assert.throws(
      // @ts-expect-error: it is not a transaction
      () => joinTransaction(db, executor),
      isExecutorError("NOT_A_TRANSACTION"),
    );
    await db.transaction().execute((trx) => {
      assert.throws(() => joinTransaction(trx, db), isExecutorError("NOT_AN_EXECUTOR"));
      return Promise.resolve();
    });
  });
});
