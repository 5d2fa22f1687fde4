import type { Kysely } from "kysely";
import type { ResolvedMigration } from "../../run/_resolved.ts";
import { createMigrationRunner } from "../../runner/create_migration_runner.ts";
import type { SchemaChange } from "../diff/schema_change.ts";
import type { SchemaSnapshot } from "../snapshot/schema_snapshot.ts";

/** The schema after one migration, compared with that of the database. */
export interface Stage {
  /** The migration; `undefined` for the empty database before the first. */
  readonly migration: string | undefined;
  /** Whether it is applied to the database. */
  readonly isApplied: boolean;
  /** How the database differs from the schema at this stage, by {@linkcode keyOf}. */
  readonly changes: ReadonlyMap<string, SchemaChange>;
}

/** How the stages are run and read. */
export interface StageOptions {
  readonly tableName: string | undefined;
  readonly read: () => Promise<SchemaSnapshot>;
  readonly compare: (wanted: SchemaSnapshot) => SchemaChange[];
}

/** Returns what tells the object of a change apart. */
export function keyOf(
  { object, schema, table, name }: Pick<SchemaChange, "object" | "schema" | "table" | "name">,
): string {
  return JSON.stringify([object, schema, table, name]);
}

/**
 * Runs migrations one by one on a scratch database: those that are applied, and then the others, as
 * far as they can be run.
 */
export async function stagesOf(
  db: Kysely<any>,
  code: readonly ResolvedMigration[],
  isApplied: (name: string) => boolean,
  { tableName, read, compare }: StageOptions,
): Promise<Stage[]> {
  const stage = async (migration: string | undefined, applied: boolean): Promise<Stage> => ({
    migration,
    isApplied: applied,
    changes: new Map(compare(await read()).map((change) => [keyOf(change), change])),
  });
  const replaced = new Set(code.flatMap(({ replaces }) => replaces));
  const left = code.filter(({ name }) => !replaced.has(name));
  const ordered = [
    ...left.filter(({ name }) => isApplied(name)),
    ...left.filter(({ name }) => !isApplied(name)),
  ];
  // In the order in which they run: those that repeat come behind all others.
  const list = [
    ...ordered.filter(({ repeats }) => repeats === undefined),
    ...ordered.filter(({ repeats }) => repeats !== undefined),
  ];
  const stages = [await stage(undefined, true)];
  for (const [i, { name }] of list.entries()) {
    const so = list.slice(0, i + 1).map(({ migration }) => migration);
    try {
      await createMigrationRunner(db, so, { tableName }).up();
    } catch (error) {
      // One that is not applied may not be able to run yet; those that are have run before.
      if (isApplied(name)) throw error;
      break;
    }
    stages.push(await stage(name, isApplied(name)));
  }
  return stages;
}
