import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { MigrationList } from "../migration.ts";
import { type MigrationRunnerOptions, OPTION_NAMES } from "../options.ts";
import type { MigrationResult } from "../results.ts";
import { MigrationRunner } from "./migration_runner.ts";

/** A schema or a database that is migrated among others, such as that of a tenant. */
export interface MigrationTarget {
  /** What it is called in results; no other has the same. */
  readonly name: string;
  /**
   * Its database; for a schema `db.withSchema(name)`. A function opens one when its turn comes, and
   * then it is closed when it is migrated.
   */
  readonly db: Kysely<any> | (() => Kysely<any> | Promise<Kysely<any>>);
  /** The schema that holds its history. Default: as the option `schema` says. */
  readonly schema?: string | undefined;
}

/** Outcome of a target. */
export interface TargetResult {
  /** The target. */
  readonly name: string;
  /** `skipped`: its turn did not come, because of a failure or a signal. */
  readonly state: "migrated" | "failed" | "skipped";
  /** What was done; `undefined` where it failed or was skipped. */
  readonly result: MigrationResult | undefined;
  /** Why it failed. */
  readonly error: unknown;
}

/** How far a run over targets is. */
export interface TargetProgress {
  /** Outcome of the last one. */
  readonly last: TargetResult;
  /** How many are done, those that failed among them. */
  readonly done: number;
  /** How many failed. */
  readonly failed: number;
  /** How many there are. */
  readonly total: number;
}

/** Options of {@linkcode migrateEach}. */
export interface MigrateEachOptions extends MigrationRunnerOptions {
  /** How many are migrated at once. Default: 4. */
  readonly concurrency?: number | undefined;
  /** Whether others still begin when one has failed. Default: `"continue"`. */
  readonly onFailure?: "continue" | "stop" | undefined;
  /** Called when one is done. */
  readonly onProgress?: ((progress: TargetProgress) => void) | undefined;
  /** What is done with each. Default: `up()`. */
  readonly run?: ((runner: MigrationRunner) => Promise<MigrationResult>) | undefined;
}

/**
 * Migrates many schemas or databases, each with a history and a lock of its own. It does not throw where
 * one fails: the results say which. Whoever runs it again goes on with what is left, as targets that are
 * migrated have nothing to do.
 *
 * @param targets the schemas or databases; they begin in this order
 * @param migrations the migrations, the same for all of them
 * @param options how they are run
 * @returns the outcome of each, in the order of the targets
 * @throws {BadRequestError} if an option is wrong, or two targets have one name
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigration, migrateEach } from "@kysera/migrations";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const open = () =>
 *   new Kysely<any>({ dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }) });
 * const users = createMigration("001_users", async (db) => {
 *   await db.schema.createTable("users").addColumn("id", "integer").execute();
 * });
 * const results = await migrateEach(
 *   [{ name: "acme", db: open }, { name: "initech", db: open }],
 *   [users],
 *   { concurrency: 2 },
 * );
 * assert.deepEqual(results.map(({ state }) => state), ["migrated", "migrated"]);
 * ```
 */
export async function migrateEach(
  targets: readonly MigrationTarget[],
  migrations: MigrationList,
  options: MigrateEachOptions = {},
): Promise<TargetResult[]> {
  const action = "migrate each target";
  const own = ["concurrency", "onFailure", "onProgress", "run"];
  assertKnownOptions(options, [...OPTION_NAMES, ...own], { action });
  const { concurrency = 4, onFailure = "continue", onProgress, run, ...runnerOptions } = options;
  const refuse = (problem: string) => new BadRequestError(`Cannot ${action}: ${problem}`);
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw refuse('the option "concurrency" has to be a whole number from 1 on');
  }
  if (onFailure !== "continue" && onFailure !== "stop") {
    throw refuse('the option "onFailure" has to be "continue" or "stop"');
  }
  const names = new Set(targets.map(({ name }) => name));
  if (names.size < targets.length) throw refuse("two targets have one name");

  const results = targets.map(({ name }): TargetResult => ({
    name,
    state: "skipped",
    result: undefined,
    error: undefined,
  }));
  let next = 0;
  let done = 0;
  let failed = 0;
  const work = async (): Promise<void> => {
    while (next < targets.length) {
      if (options.signal?.aborted || (failed > 0 && onFailure === "stop")) return;
      const index = next++;
      const target = targets[index]!;
      const last = await migrate(target, migrations, {
        ...runnerOptions,
        ...target.schema === undefined ? {} : { schema: target.schema },
      }, run);
      results[index] = last;
      done++;
      if (last.state === "failed") failed++;
      onProgress?.({ last, done, failed, total: targets.length });
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, targets.length) }, work));
  return results;
}

async function migrate(
  { name, db }: MigrationTarget,
  migrations: MigrationList,
  options: MigrationRunnerOptions,
  run: MigrateEachOptions["run"] = (runner) => runner.up(),
): Promise<TargetResult> {
  let opened: Kysely<any> | undefined;
  try {
    if (typeof db === "function") opened = await db();
    const result = await run(new MigrationRunner(opened ?? db as Kysely<any>, migrations, options));
    // With stopOnError: false a migration may have failed all the same.
    const state = result.failed.length > 0 ? "failed" : "migrated";
    return { name, state, result, error: undefined };
  } catch (error) {
    return { name, state: "failed", result: undefined, error };
  } finally {
    await opened?.destroy();
  }
}
