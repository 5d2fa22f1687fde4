import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { MigrationList } from "../../migration.ts";
import { type ResolvedMigration, resolveMigrations } from "../../run/_resolved.ts";
import { createMigrationRunner } from "../../runner/create_migration_runner.ts";
import type { MigrationRunner } from "../../runner/migration_runner.ts";
import { diffSchemas } from "../diff/diff_schemas.ts";
import type { SchemaChange } from "../diff/schema_change.ts";
import { readSchema } from "../read/read_schema.ts";
import type { Scratch } from "../scratch/scratch.ts";
import type { SchemaSnapshot } from "../snapshot/schema_snapshot.ts";

/** Options of {@linkcode upDownUp}. */
export interface UpDownUpOptions {
  /** The scratch databases. */
  readonly scratch: Scratch;
  /** The schemas to compare. Default: the current one of the scratch database. */
  readonly schemas?: readonly string[] | undefined;
  /**
   * Whether the order of columns has to be the same after `down`. A column that `down` adds again
   * stands last, whatever is done about it. Default: `false`.
   */
  readonly columnOrder?: boolean | undefined;
  /** Called for each migration when it has been looked at. */
  readonly onProgress?: ((name: string, done: number, total: number) => void) | undefined;
}

/** What is wrong with a migration. */
export interface UpDownUpProblem {
  /** The migration. */
  readonly migrationName: string;
  /** The step that failed, or after which the schema is not what it should be. */
  readonly step: "up" | "down" | "up again";
  /** How the schema differs from what it should be; empty where the step failed. */
  readonly changes: readonly SchemaChange[];
  /** What is wrong, in one line. */
  readonly message: string;
  /** What was thrown where the step failed. */
  readonly cause?: unknown;
}

/** What {@linkcode upDownUp} found. */
export interface UpDownUpResult {
  /** The migrations whose `down` undoes their `up`. */
  readonly verified: readonly string[];
  /** Migrations that have no `down`: they ran once. */
  readonly skipped: readonly string[];
  /** What is wrong. */
  readonly problems: readonly UpDownUpProblem[];
  /** Migrations that were not looked at, because one before them could not be applied. */
  readonly unchecked: readonly string[];
}

const ACTION = "verify migrations";
const OPTIONS: readonly (keyof UpDownUpOptions)[] = [
  "scratch",
  "schemas",
  "columnOrder",
  "onProgress",
];

/**
 * Proves on a scratch database that each `down` undoes its `up`: the schema after `down` is the one
 * before, and the schema after `up` again the one after the first `up`. Rows are not compared.
 *
 * @param migrations the migrations; repeatable ones, which have no `down`, run at the end
 * @param options on which database
 * @returns what was found; migrations that fail are problems, too
 * @throws {BadRequestError} if an option is unknown or missing, or something is not a migration
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createSqlMigration } from "@kysera/migrations";
 * import { scratchInMemory, upDownUp } from "@kysera/migrations/schema";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const scratch = scratchInMemory(() =>
 *   nodeSqliteDialect({ database: new DatabaseSync(":memory:") })
 * );
 * const migrations = [
 *   createSqlMigration("001_users", "create table users (id integer);\n-- down\ndrop table users;"),
 *   createSqlMigration("002_index", "create index i on users (id);\n-- down\nselect 1;"),
 * ];
 * const { verified, problems } = await upDownUp(migrations, { scratch });
 * assert.deepEqual(verified, ["001_users"]);
 * assert.match(problems[0]!.message, /^"002_index" down leaves: index users.i: added/);
 * ```
 */
export async function upDownUp(
  migrations: MigrationList,
  options: UpDownUpOptions,
): Promise<UpDownUpResult> {
  assertKnownOptions(options, OPTIONS, { action: ACTION });
  if (typeof options.scratch !== "function") {
    throw new BadRequestError(
      `Cannot ${ACTION}: the option "scratch" has to say where; use scratchInMemory(), ` +
        `scratchDatabase() or scratchSchema()`,
    );
  }
  const all = await resolveMigrations(migrations);
  const replaced = new Set(all.flatMap(({ replaces }) => replaces));
  // On an empty database those that others replace do not run.
  const code = all.filter(({ name }) => !replaced.has(name));
  return await options.scratch((db) => new Proof(db, code, options).run());
}

/** The migrations on one scratch database. */
class Proof {
  readonly #db: Kysely<any>;
  readonly #code: readonly ResolvedMigration[];
  readonly #options: UpDownUpOptions;
  readonly #runner: MigrationRunner;
  readonly #read: () => Promise<SchemaSnapshot>;
  readonly #verified: string[] = [];
  readonly #skipped: string[] = [];
  readonly #problems: UpDownUpProblem[] = [];

  constructor(db: Kysely<any>, code: readonly ResolvedMigration[], options: UpDownUpOptions) {
    this.#db = db;
    this.#code = code;
    this.#options = options;
    const ordered = code.filter(({ repeats }) => repeats === undefined);
    this.#runner = createMigrationRunner(db, ordered.map(({ migration }) => migration));
    this.#read = () => readSchema(db, { schemas: options.schemas });
  }

  async run(): Promise<UpDownUpResult> {
    const repeatable = this.#code.filter(({ repeats }) => repeats !== undefined);
    const ordered = this.#code.filter(({ repeats }) => repeats === undefined);
    let done = 0;
    for (const { name, migration } of ordered) {
      const goesOn = await this.#prove(name, migration.down !== undefined);
      done++;
      this.#options.onProgress?.(name, done, this.#code.length);
      if (!goesOn) break;
    }
    // Where one could not be applied, those behind it are not looked at.
    const isWhole = this.#problems.every(({ cause }) => cause === undefined);
    const repeated = isWhole ? await this.#repeat(repeatable) : 0;
    return {
      verified: this.#verified,
      skipped: this.#skipped,
      problems: this.#problems,
      unchecked: [...ordered.slice(done), ...repeatable.slice(repeated)].map(({ name }) => name),
    };
  }

  /** Returns whether the next one can be looked at. */
  async #prove(name: string, hasDown: boolean): Promise<boolean> {
    const before = await this.#read();
    if (!await this.#step(name, "up", () => this.#runner.upTo(name))) return false;
    if (!hasDown) {
      this.#skipped.push(name);
      return true;
    }
    const after = await this.#read();
    if (!await this.#step(name, "down", () => this.#runner.down())) return false;
    const isUndone = this.#compare(name, "down", before, await this.#read());
    if (!await this.#step(name, "up again", () => this.#runner.upTo(name))) return false;
    const isSame = this.#compare(name, "up again", after, await this.#read());
    if (isUndone && isSame) this.#verified.push(name);
    return true;
  }

  /** Runs the migrations that repeat, and returns how many were looked at. */
  async #repeat(repeatable: readonly ResolvedMigration[]): Promise<number> {
    const runner = createMigrationRunner(this.#db, this.#code.map(({ migration }) => migration));
    for (const [i, { name }] of repeatable.entries()) {
      if (!await this.#step(name, "up", () => runner.upTo(name))) return i + 1;
      this.#skipped.push(name);
    }
    return repeatable.length;
  }

  async #step(
    migrationName: string,
    step: UpDownUpProblem["step"],
    run: () => Promise<unknown>,
  ): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const message = `"${migrationName}" ${step} fails: ${why}`;
      this.#problems.push({ migrationName, step, changes: [], message, cause });
      return false;
    }
  }

  #compare(
    migrationName: string,
    step: UpDownUpProblem["step"],
    wanted: SchemaSnapshot,
    found: SchemaSnapshot,
  ): boolean {
    const { columnOrder = false } = this.#options;
    const changes = diffSchemas(wanted, found, { columnOrder });
    if (changes.length === 0) return true;
    const message = `"${migrationName}" ${step} leaves: ${
      changes.map(({ text }) => text).join("; ")
    }`;
    this.#problems.push({ migrationName, step, changes, message });
    return false;
  }
}
