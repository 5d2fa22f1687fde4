/**
 * A bad and a good example of each rule of the linter: scripts of SQL, and what Kysely builds.
 *
 * @module
 */
import { COMMON } from "./_lint_examples/common.ts";
import type { Example } from "./_lint_examples/example.ts";
import { MYSQL } from "./_lint_examples/mysql.ts";
import { PLUGINS } from "./_lint_examples/plugins.ts";
import { POSTGRES } from "./_lint_examples/postgres.ts";
import { SQLITE } from "./_lint_examples/sqlite.ts";
import { MIGRATIONS } from "./_lint_examples/whole_migrations.ts";

export type { Example, ExampleMigration } from "./_lint_examples/example.ts";

/** All examples. */
export const EXAMPLES: readonly Example[] = [
  ...COMMON,
  ...MIGRATIONS,
  ...POSTGRES,
  ...MYSQL,
  ...SQLITE,
  ...PLUGINS,
];
