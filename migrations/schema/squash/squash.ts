import { assertKnownOptions, BadRequestError } from "@kysera/core";
import { type Kysely, sql } from "kysely";
import { createSqlMigration } from "../../create_sql_migration.ts";
import type { MigrationList, MigrationWithMeta } from "../../migration.ts";
import { type ResolvedMigration, resolveMigrations } from "../../run/_resolved.ts";
import { createMigrationRunner } from "../../runner/create_migration_runner.ts";
import { diffSchemas } from "../diff/diff_schemas.ts";
import { dumpSchema } from "../dump/dump_schema.ts";
import { readSchema } from "../read/read_schema.ts";
import type { Scratch } from "../scratch/scratch.ts";
import type { SchemaSnapshot } from "../snapshot/schema_snapshot.ts";

/** Options of {@linkcode squash}. */
export interface SquashOptions {
  /** The name of the migration that replaces the others. */
  readonly name: string;
  /** The last migration that is replaced. Default: the last there is. */
  readonly upTo?: string | undefined;
  /** The scratch databases on which it is proved that both make the same schema. */
  readonly scratch: Scratch;
  /** The schemas that the migrations make. Default: the current one of the scratch database. */
  readonly schemas?: readonly string[] | undefined;
  /**
   * What to do where the migrations leave rows: `"refuse"`, or `"leave out"` those rows. Default:
   * `"refuse"`.
   */
  readonly rows?: "refuse" | "leave out" | undefined;
}

/** A migration that replaces others. */
export interface Squashed {
  /** The migration. */
  readonly migration: MigrationWithMeta;
  /** Its text, for a file of SQL of its name. */
  readonly script: string;
  /** The migrations that it replaces. */
  readonly replaces: readonly string[];
  /** The schema that both make. */
  readonly schema: SchemaSnapshot;
}

const ACTION = "squash migrations";
const OPTIONS: readonly (keyof SquashOptions)[] = ["name", "upTo", "scratch", "schemas", "rows"];

/**
 * Writes one migration that replaces those up to another one, with the schema that they make. It is
 * proved on two scratch databases that both make the same schema.
 *
 * Put it behind the last migration that it replaces. Where all of those are applied the runner counts
 * it as applied; where none is it runs instead of them; where only some are nothing runs. The others
 * can be deleted when every database has run `up()` with it. It has no `down`.
 *
 * @param migrations the migrations; repeatable ones stay as they are
 * @param options its name, and where it is proved
 * @returns the migration and its text
 * @throws {BadRequestError} if an option is unknown or wrong, there is nothing to replace, the
 * migrations leave rows, or the schemas differ
 * @throws {MigrationError} if a migration fails
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createSqlMigration } from "@kysera/migrations";
 * import { scratchInMemory, squash } from "@kysera/migrations/schema";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const migrations = [
 *   createSqlMigration("001_users", "create table users (id integer);"),
 *   createSqlMigration("002_email", "alter table users add column email text;"),
 * ];
 * const scratch = scratchInMemory(() =>
 *   nodeSqliteDialect({ database: new DatabaseSync(":memory:") })
 * );
 * const { script } = await squash(migrations, { name: "002_squashed", scratch });
 * assert.equal(
 *   script,
 *   "-- replaces: 001_users\n-- replaces: 002_email\n\n" +
 *     "CREATE TABLE users (id integer, email text);\n",
 * );
 * ```
 */
export async function squash(
  migrations: MigrationList,
  options: SquashOptions,
): Promise<Squashed> {
  assertOptions(options);
  const { name, scratch, schemas } = options;
  const code = await resolveMigrations(migrations);
  const replaced = replacedOf(code, options);
  const replaces = replaced.map((migration) => migration.name);
  const { schema, dump } = await scratch(async (db) => {
    await createMigrationRunner(db, replaced.map(({ migration }) => migration)).up();
    const schema = await readSchema(db, { schemas });
    if (options.rows !== "leave out") await assertNoRows(db, schema);
    return { schema, dump: await dumpSchema(db, { schemas }) };
  });
  const script = `${replaces.map((each) => `-- replaces: ${each}\n`).join("")}\n${dump}`;
  const migration = createSqlMigration(name, script);
  const other = await scratch(async (db) => {
    await createMigrationRunner(db, [migration]).up();
    return await readSchema(db, { schemas });
  });
  const changes = diffSchemas(schema, other);
  if (changes.length > 0) {
    throw refuse(`the schema would differ: ${changes.map(({ text }) => text).join("; ")}`);
  }
  return { migration, script, replaces, schema };
}

function assertOptions(options: SquashOptions): void {
  assertKnownOptions(options, OPTIONS, { action: ACTION });
  const { name, scratch, rows } = options;
  if (typeof name !== "string" || name.trim() === "") throw refuse("it needs a name");
  if (typeof scratch !== "function") throw refuse('the option "scratch" has to say where');
  if (rows !== undefined && rows !== "refuse" && rows !== "leave out") {
    throw refuse('the option "rows" has to be "refuse" or "leave out"');
  }
}

/** Returns the migrations that are replaced, without those that others replace already. */
function replacedOf(
  code: readonly ResolvedMigration[],
  { name, upTo }: SquashOptions,
): ResolvedMigration[] {
  if (code.some((migration) => migration.name === name)) {
    throw refuse(`there is a migration "${name}" already`);
  }
  const gone = new Set(code.flatMap(({ replaces }) => replaces));
  const ordered = code.filter((migration) =>
    migration.repeats === undefined && !gone.has(migration.name)
  );
  const last = upTo === undefined
    ? ordered.length - 1
    : ordered.findIndex((migration) => migration.name === upTo);
  if (last < 0) {
    throw refuse(upTo === undefined ? "there are none" : `there is no migration "${upTo}"`);
  }
  return ordered.slice(0, last + 1);
}

/** The rows that migrations leave would be missing where the squashed one runs. */
async function assertNoRows(db: Kysely<any>, schema: SchemaSnapshot): Promise<void> {
  const filled: string[] = [];
  for (const { schema: of, name, kind } of schema.tables) {
    if (kind === "foreign") continue;
    const table = of === null ? sql.id(name) : sql.id(of, name);
    const { rows } = await sql`select 1 as one from ${table} limit 1`.execute(db);
    if (rows.length > 0) filled.push(`"${name}"`);
  }
  if (filled.length > 0) {
    throw refuse(
      `they leave rows in ${filled.join(", ")}; move what inserts them to a migration behind the ` +
        `squashed one, or set the option "rows" to "leave out"`,
    );
  }
}

function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot ${ACTION}: ${problem}`);
}
