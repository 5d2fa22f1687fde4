import { readSchema } from "@kysera/migrations/schema";
import assert from "node:assert/strict";
import { it } from "node:test";
import { describeShop } from "../testing/with_shop.ts";
import { migrate, migrationsOf } from "./migrate.ts";

describeShop("the migrations", (shop) => {
  it("are applied once, and leave the same schema after they were undone", async () => {
    const { db } = shop();
    const before = await readSchema(db);
    assert.deepEqual((await migrationsOf(db).status()).pending, []);
    await migrate(db);
    assert.deepEqual(await readSchema(db), before);

    await migrationsOf(db).reset();
    const tables = (await db.introspection.getTables()).map(({ name }) => name);
    assert.deepEqual(tables.filter((name) => !name.startsWith("kysera_migration")), []);
    await migrate(db);
    assert.deepEqual(await readSchema(db), before);
  });
});
