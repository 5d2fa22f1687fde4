import { BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import { MigrationStateError } from "../../errors.ts";
import type { MigrationList } from "../../migration.ts";
import { type ResolvedMigration, resolveMigrations } from "../../run/_resolved.ts";
import { createMigrationRunner } from "../../runner/create_migration_runner.ts";
import { diffSchemas } from "../diff/diff_schemas.ts";
import type { SchemaChange } from "../diff/schema_change.ts";
import type { Scratch } from "../scratch/scratch.ts";
import type { SchemaSnapshot } from "../snapshot/schema_snapshot.ts";
import { explain, type Explanation } from "./_explain.ts";
import { type HistoryOptions, readLive } from "./_live.ts";
import { readLikeLive } from "./_read_like_live.ts";
import type { AppliedSchema } from "./read_applied_schema.ts";
import { type Stage, stagesOf } from "./_stages.ts";

/** Options of {@linkcode findDrift}: `scratch` or `expected` says what the schema should be. */
export interface FindDriftOptions extends HistoryOptions {
  /** Where the applied migrations are run again, to see what they make. */
  readonly scratch?: Scratch | undefined;
  /** What {@linkcode readAppliedSchema} returned after the last migration. */
  readonly expected?: AppliedSchema | undefined;
  /** Returns true for a change that is not to be reported. */
  readonly ignore?: ((change: SchemaChange) => boolean) | undefined;
  /** Whether the order of the columns of a table counts. Default: `true`. */
  readonly columnOrder?: boolean | undefined;
}

/** A difference between the database and what the migrations make. */
export interface DriftFinding extends Explanation {
  /** The change: from what the migrations make to what is there. */
  readonly change: SchemaChange;
}

/** What {@linkcode findDrift} found. */
export interface Drift {
  /** The migrations that are applied. */
  readonly migrations: readonly string[];
  /** The differences; none where the database has what the migrations make. */
  readonly findings: readonly DriftFinding[];
}

const ACTION = "find drift";

/**
 * Compares the schema of a database with the one after the last migration that is applied, and says
 * for each difference where it comes from and what to do. The database is only read.
 *
 * With `scratch` the applied migrations run on a scratch database; where something differs they, and
 * those that are not applied, run there a second time, one by one, to see which of them makes it.
 * With `expected` the schema is compared with one that was kept.
 *
 * @param db the database, or an executor
 * @param migrations the migrations
 * @param options what to compare with
 * @returns the differences
 * @throws {BadRequestError} if an option is unknown or missing, or `expected` is of other migrations
 * than those that are applied
 * @throws {MigrationStateError} if the code does not have a migration that is applied
 * @throws {MigrationError} if a migration fails on the scratch database
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigrationRunner, createSqlMigration } from "@kysera/migrations";
 * import { findDrift, scratchInMemory } from "@kysera/migrations/schema";
 * import { Kysely, sql } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const open = () => nodeSqliteDialect({ database: new DatabaseSync(":memory:") });
 * const db = new Kysely<any>({ dialect: open() });
 * const migrations = [createSqlMigration("001_users", "create table users (id integer);")];
 * await createMigrationRunner(db, migrations).up();
 * await sql`create index quick on users (id)`.execute(db);
 *
 * const { findings } = await findDrift(db, migrations, { scratch: scratchInMemory(open) });
 * assert.match(findings[0]!.change.text, /^index users.quick: added/);
 * assert.match(findings[0]!.cause, /no migration makes it/);
 * await db.destroy();
 * ```
 */
export async function findDrift(
  db: Kysely<any>,
  migrations: MigrationList,
  options: FindDriftOptions,
): Promise<Drift> {
  const live = await readLive(db, options, ACTION, [
    "scratch",
    "expected",
    "ignore",
    "columnOrder",
  ]);
  const { scratch, expected, tableName } = options;
  if ((scratch === undefined) === (expected === undefined)) {
    throw new BadRequestError(
      `Cannot ${ACTION}: give either the option "scratch" or the option "expected"`,
    );
  }
  const code = await resolveMigrations(migrations);
  const runner = createMigrationRunner(db, code.map(({ migration }) => migration), {
    tableName,
    schema: options.schema,
  });
  const applied = await runner.getExecutedMigrations();
  const compare = (wanted: SchemaSnapshot): SchemaChange[] =>
    diffSchemas(wanted, live, { columnOrder: options.columnOrder ?? true })
      .filter((change) => options.ignore?.(change) !== true);
  const findings = expected === undefined
    ? await compareRebuilt(scratch!, code, applied, options, compare)
    : compareKept(expected, applied, compare);
  return { migrations: applied, findings };
}

function compareKept(
  expected: AppliedSchema,
  applied: readonly string[],
  compare: (wanted: SchemaSnapshot) => SchemaChange[],
): DriftFinding[] {
  const names = (list: readonly string[]) => JSON.stringify([...list].sort());
  if (names(expected.migrations) !== names(applied)) {
    const isNew = (name: string) => !expected.migrations.includes(name);
    const since = applied.filter(isNew).map((name) => `"${name}"`).join(", ");
    throw new BadRequestError(
      `Cannot ${ACTION}: the schema that was kept is of other migrations than those that are applied` +
        `${
          since === "" ? "" : `; ${since} came since`
        }; keep it again after each run, or give scratch`,
    );
  }
  return compare(expected.schema).map((change) => ({ change, ...explain(change, []) }));
}

async function compareRebuilt(
  scratch: Scratch,
  code: readonly ResolvedMigration[],
  applied: readonly string[],
  options: FindDriftOptions,
  compare: (wanted: SchemaSnapshot) => SchemaChange[],
): Promise<DriftFinding[]> {
  const known = new Set(code.flatMap(({ name, replaces }) => [name, ...replaces]));
  const missing = applied.filter((name) => !known.has(name));
  if (missing.length > 0) {
    throw new MigrationStateError(missing.map((migrationName) => ({
      kind: "missing",
      migrationName,
      message:
        "it is applied, and the code does not have it, so what it makes is not known: add it " +
        "again, or compare with a schema that was kept",
    })));
  }
  const counted = new Set([
    ...applied,
    // One that stands in for others counts as applied when they are, and runs instead of them here.
    ...code.filter(({ replaces }) =>
      replaces.length > 0 && replaces.every((name) => applied.includes(name))
    ).map(({ name }) => name),
  ]);
  const isApplied = (name: string) => counted.has(name);
  const read = (db: Kysely<any>) => readLikeLive(db, options, ACTION);
  const wanted = await scratch(async (db) => {
    const list = code.filter(({ name }) => isApplied(name)).map(({ migration }) => migration);
    await createMigrationRunner(db, list, { tableName: options.tableName }).up();
    return await read(db);
  });
  const changes = compare(wanted);
  if (changes.length === 0) return [];
  const stages: Stage[] = await scratch((db) =>
    stagesOf(db, code, isApplied, { tableName: options.tableName, read: () => read(db), compare })
  );
  return changes.map((change) => ({ change, ...explain(change, stages) }));
}
