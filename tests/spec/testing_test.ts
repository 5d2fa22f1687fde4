/** The specification's sample on testing utilities. */
import { createFactory, testInTransaction } from "@kysera/testing";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

onEveryDialect("specification: testing utilities", (dialect) => {
  it("creates user", async () => {
    const { db, close } = await dialect.open();
    try {
      await db.schema.createTable("users")
        .addColumn("email", "varchar(100)")
        .addColumn("name", "varchar(100)")
        .execute();

      const userFactory = createFactory({
        email: () => `user-${Date.now()}@test.com`,
        name: "Test User",
      });

      await testInTransaction(db, async (trx) => {
        const userData = userFactory({ name: "Alice" });
        // The README's `insertInto().values().execute()` gives no row back.
        await trx.insertInto("users").values(userData).execute();
        const user = await trx.selectFrom("users").selectAll().executeTakeFirstOrThrow();
        assert.equal(user.name, "Alice");
        assert.equal(user.email, userData.email);
      });
      // Automatically rolled back!
      assert.deepEqual(await db.selectFrom("users").selectAll().execute(), []);
    } finally {
      await close();
    }
  });
});
