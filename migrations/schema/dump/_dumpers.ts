import type { SchemaDialect } from "../snapshot/schema_snapshot.ts";
import type { SchemaDumper } from "./_dumper.ts";
import { mysqlDumper } from "./mysql/_mysql.ts";
import { postgresDumper } from "./postgres/_postgres.ts";
import { sqliteDumper } from "./sqlite/_sqlite.ts";

/** Who writes and loads the schema of each dialect. */
export const DUMPERS: Readonly<Record<SchemaDialect, SchemaDumper>> = {
  postgres: postgresDumper,
  mysql: mysqlDumper,
  sqlite: sqliteDumper,
};
