// What the oldest supported Node can run: JavaScript, and an embedded PostgreSQL.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PGlite } from "@electric-sql/pglite";
import { Kysely } from "kysely";
import { parseDatabaseError, UniqueConstraintError } from "@kysera/core";
import { pgliteDialect } from "@kysera/dialects";
import { createExecutor, destroyExecutor } from "@kysera/executor";
import * as kysera from "@kysera/kysera";
import { softDeletePlugin } from "@kysera/soft-delete";

describe("the packages together", () => {
  it("hide a deleted row and classify an error of the database", async () => {
    const db = new Kysely({ dialect: pgliteDialect({ database: new PGlite() }) });
    try {
      await db.schema.createTable("users")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("email", "text", (column) => column.notNull().unique())
        .addColumn("deleted_at", "timestamptz")
        .execute();
      await db.insertInto("users").values([
        { id: 1, email: "ada@example.com", deleted_at: null },
        { id: 2, email: "bob@example.com", deleted_at: new Date() },
      ]).execute();

      const executor = await createExecutor(db, [softDeletePlugin({ tables: ["users"] })]);
      const joined = await executor.selectFrom("users as a")
        .innerJoin("users as b", (join) => join.onTrue())
        .select(["a.id as a", "b.id as b"])
        .execute();
      assert.deepEqual(joined, [{ a: 1, b: 1 }]);

      const duplicate = await executor.insertInto("users")
        .values({ id: 3, email: "ada@example.com" })
        .execute()
        .then(() => undefined, (error) => parseDatabaseError(error, "postgres"));
      assert.ok(duplicate instanceof UniqueConstraintError);
      await destroyExecutor(executor);
    } finally {
      await db.destroy();
    }
  });

  it("are one and the same through the package of packages", () => {
    assert.equal(kysera.createExecutor, createExecutor);
    assert.equal(kysera.UniqueConstraintError, UniqueConstraintError);
  });
});
