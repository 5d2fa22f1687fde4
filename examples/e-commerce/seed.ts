/**
 * Migrates the database and fills it with samples, if it has no users yet.
 *
 * @module
 */
import process from "node:process";
import { readConfig } from "./platform/config.ts";
import { openDatabase } from "./platform/database.ts";
import { migrate } from "./platform/migrate.ts";
import { createShop } from "./platform/shop.ts";
import { SAMPLE_PASSWORD, seed } from "./seeds/seed.ts";

const config = readConfig(process.env);
const db = await openDatabase(config);
try {
  await migrate(db);
  const isSeeded = await seed(await createShop(db), config);
  console.log(
    isSeeded
      ? `Sign in as ada@example.org, or as clerk@example.org, with "${SAMPLE_PASSWORD}"`
      : "Nothing was changed: the shop has users already",
  );
} finally {
  await db.destroy();
}
