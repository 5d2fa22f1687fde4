import { detectDialect, type Dialect } from "@kysera/core";
import { type Kysely, sql } from "kysely";
import type { MigrationList } from "../migration.ts";
import { settingsOf } from "../options.ts";
import { type ResolvedMigration, resolveMigrations } from "../run/_resolved.ts";
import { MigrationRunner } from "../runner/migration_runner.ts";
import { readSchema } from "../schema/read/read_schema.ts";
import type { SchemaSnapshot } from "../schema/snapshot/schema_snapshot.ts";
import { LEXES } from "../sql/_lexis.ts";
import { check } from "./check/_check.ts";
import { prepare, type Prepared } from "./check/_prepare.ts";
import { reportOf } from "./check/_report.ts";
import type { LintReport } from "./contract/lint_finding.ts";
import { assertLintOptions, type LintOptions } from "./lint_options.ts";
import { assertScratch } from "./oracle/_assert_scratch.ts";
import { judge } from "./oracle/_judge.ts";
import { observe } from "./oracle/_observe.ts";
import { readerOf } from "./read/_reader_of.ts";
import { RULES } from "./rules/_all.ts";
import { SchemaView } from "./view/_schema_view.ts";
import { parseVersion, type ServerVersion } from "./view/_version.ts";

/**
 * Looks for what is dangerous in the migrations that are not applied yet: what loses data, what
 * programs that still run do not expect, what stops reads and writes for long, and what plugins of the
 * executor need. Migrations are planned as a dry run does it, and so nothing is changed; a user
 * who may only read can do it.
 *
 * A finding is ignored where a comment before the statement, or in it, says
 * `-- kysera-ignore rule: reason`, or where the migration does, by `lintIgnore`.
 *
 * @param db the database that the migrations are for, or a copy of it
 * @param migrations the migrations
 * @param options which rules are asked, and what is known beside the migrations
 * @returns what was found
 * @throws {BadRequestError} if an option is wrong, or `scratch` is the database itself
 * @throws {MigrationStateError} if a migration stopped halfway
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createSqlMigration } from "@kysera/migrations";
 * import { lintMigrations } from "@kysera/migrations/lint";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const { findings, counts } = await lintMigrations(db, [
 *   createSqlMigration("002_drop", "drop table users;\n-- down\ncreate table users (id integer);"),
 * ]);
 * assert.equal(counts.error, 1);
 * const found = findings.find(({ severity }) => severity === "error");
 * assert.deepEqual([found?.rule, found?.line], ["drop-table", 1]);
 * await db.destroy();
 * ```
 */
export async function lintMigrations(
  db: Kysely<any>,
  migrations: MigrationList,
  options: LintOptions = {},
): Promise<LintReport> {
  assertLintOptions(options);
  const dialect = detectDialect(db);
  if (options.scratch !== undefined) {
    await assertScratch(db, dialect, options.scratch, detectDialect(options.scratch));
  }
  const lexis = LEXES[dialect];
  const code = new Map((await resolveMigrations(migrations)).map((each) => [each.name, each]));
  const runner = new MigrationRunner(db, migrations, {
    ...options.runner,
    dryRun: true,
    // What does not fit is told as findings.
    policy: "repair",
  });
  const problems = await runner.verify();
  const { plan = [] } = await runner.up();
  const read = readerOf(dialect, options.parse);
  const prepared: Prepared[] = [];
  for (const planned of plan) {
    prepared.push(await prepare(planned, code.get(planned.name)!.migration, lexis, read));
  }
  const linted = prepared.map((each) => each.linted);
  const version = options.targetVersion === undefined
    ? await versionOf(db, dialect)
    : parseVersion(options.targetVersion)!;
  const snapshot = options.snapshot ?? await snapshotOf(db, dialect, options.runner?.schema);
  const found = check({
    dialect,
    version,
    plugins: options.plugins ?? {},
    limitsLocks: options.runner !== undefined && settingsOf(options.runner).tableLockTimeout > 0,
    migrations: linted,
    view: new SchemaView(snapshot, options.emptyTables ?? [], lexis),
  }, ({ id, severity }) => (options.rules?.[id] ?? severity) !== "off");
  const { scratch } = options;
  const judged = scratch === undefined
    ? found
    : judge(found, linted, await observe(scratch, linted));
  const names = [...code.values()].map((each: ResolvedMigration) => each.name);
  return reportOf({
    prepared,
    found: judged,
    history: problems.flatMap(({ kind, migrationName, message }) => {
      const id = kind === "changed" ? "edited-after-apply" : kind;
      const rule = RULES.find((each) => each.id === id);
      return rule === undefined ? [] : [{ rule, migrationName, message }];
    }),
    fileOf: (name) => code.get(name)?.migration.file,
    order: names,
    severities: options.rules ?? {},
  });
}

/** Returns the schema of the database; it only reads. */
async function snapshotOf(
  db: Kysely<any>,
  dialect: Dialect,
  schema: string | undefined,
): Promise<SchemaSnapshot | undefined> {
  // Nobody reads that of SQL Server yet: rules know then what the run changes.
  if (dialect === "mssql") return undefined;
  return await readSchema(db, schema === undefined ? {} : { schemas: [schema] });
}

/** Returns the version of a server; it only reads. */
async function versionOf(db: Kysely<any>, dialect: Dialect): Promise<ServerVersion> {
  const query = VERSION[dialect];
  const { rows } = await query.execute(db);
  return parseVersion(rows[0]?.version ?? "") ?? { isMariaDb: undefined, numbers: [] };
}

const VERSION: Readonly<Record<Dialect, ReturnType<typeof sql<{ version: string }>>>> = {
  postgres: sql`select current_setting('server_version') as version`,
  mysql: sql`select version() as version`,
  sqlite: sql`select sqlite_version() as version`,
  mssql: sql`select cast(serverproperty('ProductVersion') as varchar(50)) as version`,
};
