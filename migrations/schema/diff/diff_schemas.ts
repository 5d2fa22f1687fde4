import { assertKnownOptions, BadRequestError } from "@kysera/core";
import { type SchemaSnapshot, SNAPSHOT_VERSION } from "../snapshot/schema_snapshot.ts";
import type { SchemaTable } from "../snapshot/schema_table.ts";
import { COMPARABLE } from "./_comparable.ts";
import { Comparison } from "./_comparison.ts";
import type { SchemaChange } from "./schema_change.ts";

/** Options of {@linkcode diffSchemas}. */
export interface DiffSchemasOptions {
  /**
   * Whether the order of the columns of a table counts. A column that is dropped and added again
   * stands last, and only `select *` sees that. Default: `true`.
   */
  readonly columnOrder?: boolean | undefined;
}

const ACTION = "compare schemas";

/**
 * Compares two schemas of one dialect.
 *
 * Objects are the same when their names are, so a renamed one is removed and added. What belongs to a
 * table that is added or removed as a whole is not told again. On SQLite, texts are compared without
 * regard to white space, letter case and the quotes of names.
 *
 * @param from the schema as it was, or as it should be
 * @param to the schema as it is
 * @param options what counts as a change
 * @returns the changes; none where the schemas are equal
 * @throws {BadRequestError} if the snapshots are of different dialects or of an unknown version, or an
 * option is unknown or wrong
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { diffSchemas, readSchema } from "@kysera/migrations/schema";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const before = await readSchema(db);
 * database.exec("alter table users add column email text");
 * const [change] = diffSchemas(before, await readSchema(db));
 * assert.equal(change?.text, "column users.email: added, TEXT");
 * await db.destroy();
 * ```
 */
export function diffSchemas(
  from: SchemaSnapshot,
  to: SchemaSnapshot,
  options: DiffSchemasOptions = {},
): SchemaChange[] {
  assertKnownOptions(options, ["columnOrder"], { action: ACTION });
  assertSnapshot(from);
  assertSnapshot(to);
  if (from.dialect !== to.dialect) {
    throw new BadRequestError(
      `Cannot ${ACTION}: one is of ${from.dialect}, the other of ${to.dialect}`,
    );
  }
  const comparison = new Comparison(COMPARABLE[from.dialect]);
  comparison.names("schema", schemasOf(from), schemasOf(to));
  comparison.names("extension", from.extensions, to.extensions);
  comparison.objects("enum", from.enums, to.enums);
  comparison.objects("domain", from.domains, to.domains);
  comparison.objects("composite", from.composites, to.composites);
  comparison.objects("range", from.ranges, to.ranges);
  comparison.objects("sequence", from.sequences, to.sequences);
  comparison.objects("table", from.tables, to.tables, (before, after) => {
    compareTables(comparison, before, after, options.columnOrder ?? true);
  });
  comparison.objects("view", from.views, to.views, (before, after) => {
    const owner = { schema: after.schema, table: after.name };
    comparison.parts("index", owner, before.indexes, after.indexes);
    comparison.parts("trigger", owner, before.triggers, after.triggers);
  });
  comparison.objects("routine", from.routines, to.routines);
  return comparison.changes;
}

function compareTables(
  comparison: Comparison,
  before: SchemaTable,
  after: SchemaTable,
  columnOrder: boolean,
): void {
  const owner = { schema: after.schema, table: after.name };
  // Whether a partition was created as one or attached makes no difference as long as it is one.
  const isPartition = before.partitioning.bound !== null && after.partitioning.bound !== null;
  const columnsOf = ({ columns }: SchemaTable) =>
    isPartition ? columns.map((column) => ({ ...column, inherited: true })) : columns;
  comparison.parts("column", owner, columnsOf(before), columnsOf(after));
  if (columnOrder) comparison.order(owner, before, after);
  const keyOf = ({ primaryKey }: SchemaTable) => primaryKey === null ? [] : [primaryKey];
  comparison.parts("primary key", owner, keyOf(before), keyOf(after));
  comparison.parts("unique", owner, before.uniques, after.uniques);
  comparison.parts("foreign key", owner, before.foreignKeys, after.foreignKeys);
  comparison.parts("check", owner, before.checks, after.checks);
  comparison.parts("exclusion", owner, before.exclusions, after.exclusions);
  comparison.parts("index", owner, before.indexes, after.indexes);
  comparison.parts("trigger", owner, before.triggers, after.triggers);
  comparison.parts("rule", owner, before.rules, after.rules);
  comparison.parts("policy", owner, before.policies, after.policies);
}

/** The default schemas of two snapshots are the same, whatever their names are. */
function schemasOf({ schemas }: SchemaSnapshot): string[] {
  return schemas.filter((schema) => schema !== null);
}

function assertSnapshot(snapshot: SchemaSnapshot): void {
  const given: unknown = snapshot;
  if (typeof given !== "object" || given === null || !("version" in given)) {
    throw new BadRequestError(`Cannot ${ACTION}: what is given is not a snapshot of readSchema()`);
  }
  if (given.version !== SNAPSHOT_VERSION) {
    throw new BadRequestError(
      `Cannot ${ACTION}: a snapshot has version ${given.version}, and ${SNAPSHOT_VERSION} is ` +
        `expected; read the schema again`,
    );
  }
}
