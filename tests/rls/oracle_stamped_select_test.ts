import assert from "node:assert/strict";
import { it } from "node:test";
import { bindContext, createExecutor, ForeignQueryError } from "@kysera/executor";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { onEveryDialect } from "../support/matrix.ts";
import { caller } from "./oracle_shapes.ts";

onEveryDialect("INSERT .. SELECT with a stamp", (dialect) => {
  const table = {
    policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
  } satisfies NonNullable<Parameters<typeof defineRLSSchema<any>>[0][string]>;

  it("takes a SELECT that a handle has built for what the user wrote", async () => {
    const { db, close } = await dialect.open();
    const policies = defineRLSSchema<any>({ posts: table, notes: table });
    const executor = await createExecutor(db, [rlsPlugin({ schema: policies })]);
    const one = bindContext(executor, { ...caller });
    const two = bindContext(executor, { auth: { userId: 2, tenantId: 2, roles: [] } });
    const copy = (from: typeof one) =>
      one.insertInto("notes").columns(["id"]).expression(() =>
        from.selectFrom("posts").select("id")
      )
        .compile().sql;
    assert.throws(() => copy(two), ForeignQueryError);
    // MySQL checks new rows by a WHERE of its own.
    if (dialect.dialect !== "mysql") {
      assert.equal(copy(one).match(/where/g)?.length, 1);
      // The CTE is not a table, whoever has built the SELECT.
      const { sql } = one.with("posts", (q) => q.selectNoFrom((eb) => eb.lit(1).as("id")))
        .insertInto("notes").columns(["id"])
        .expression(() => one.selectFrom("posts").select("id"))
        .compile();
      assert.doesNotMatch(sql, /where/);
    }
    await close();
  });
});
