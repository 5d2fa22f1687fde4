/**
 * Migrates the databases and fills them with samples, if there are no organisations yet.
 *
 * @module
 */
import process from "node:process";
import { readConfig } from "./platform/config.ts";
import { openDatabases } from "./platform/databases.ts";
import { createSaas } from "./platform/saas.ts";
import { SAMPLE_PASSWORD, seed } from "./seeds/seed.ts";

const config = readConfig(process.env);
const saas = await createSaas(config, await openDatabases(config));
try {
  console.log(
    await seed(saas)
      ? `Sign in to "acme" as ada@acme.example, and to "initech" as grace@initech.example, with ` +
        `"${SAMPLE_PASSWORD}"; support@example.org is the support staff`
      : "Nothing was changed: there are organisations already",
  );
} finally {
  await saas.close();
}
