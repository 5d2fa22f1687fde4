import { getRawDb } from "@kysera/executor";
import { type ColumnDataType, type Expression, type Kysely, sql } from "kysely";
import type { BatchOptions } from "../batch.ts";
import { irreversible } from "../irreversible.ts";
import type { MigrationWithMeta } from "../migration.ts";
import { startBatches } from "../run/_start_batches.ts";
import { expandDialectOf } from "./_dialect_of.ts";
import { namedIn, refuse, type Replacement, replacementOf } from "./_replacement.ts";

/** Converts a value of one column into a value of the other. */
export type ColumnConversion = (value: Expression<unknown>) => Expression<unknown>;

/** The type of a column, as `addColumn()` takes it. */
export type ColumnType = ColumnDataType | Expression<any>;

/** The column to replace, its replacement, and how values are converted. */
export interface ReplaceColumnOptions
  extends Pick<BatchOptions, "size" | "throttle" | "onProgress" | "signal"> {
  /** Prefix of the names of the migrations and triggers. Default: the table and the new column. */
  readonly name?: string | undefined;
  /** The table, optionally qualified: `"schema.table"`. */
  readonly table: string;
  /** The columns of a unique key, as for `batches()`. */
  readonly key: string | readonly string[];
  /**
   * The old column. If its type is given, `contract` can be undone. MySQL and MariaDB need `type` and
   * `notNull` for a column that is NOT NULL without a default: it is nullable while both exist.
   */
  readonly from: string | {
    readonly name: string;
    readonly type?: ColumnType | undefined;
    readonly notNull?: boolean | undefined;
  };
  /** The new column, and whether it becomes NOT NULL (not supported on SQLite). */
  readonly to: {
    readonly name: string;
    readonly type: ColumnType;
    readonly notNull?: boolean | undefined;
  };
  /**
   * Converts an old value into a new one, cast to the type of the new column. It becomes part of a
   * trigger, so it cannot contain parameters (use `sql.lit()`), and must not fail for any value that is
   * written. Default: the same value.
   */
  readonly forward?: ColumnConversion | undefined;
  /** Converts a new value into an old one. Default: the same value. */
  readonly backward?: ColumnConversion | undefined;
  /**
   * How long a step waits for the lock of the table, in ms (rounded up to seconds on MySQL and
   * MariaDB). Other queries queue behind a waiting step, so it fails after that time, and is run again.
   * Default: 5,000.
   */
  readonly lockTimeout?: number | undefined;
}

/** The steps of the change, one migration each. */
export interface ExpandAndContract {
  /** Adds the new column, and triggers that keep both columns in sync. */
  readonly expand: MigrationWithMeta;
  /** Fills the new column of existing rows, in batches. */
  readonly backfill: MigrationWithMeta;
  /** Checks that both columns agree in every row, and makes the new one NOT NULL if requested. */
  readonly switchOver: MigrationWithMeta;
  /** Drops the triggers and the old column. */
  readonly contract: MigrationWithMeta;
}

/**
 * Generates the migrations that rename a column, or change its type, without downtime: the new column
 * is added beside the old one, triggers keep both in sync, existing rows are filled in batches, and the
 * old column is dropped at the end.
 *
 * Apply `expand`, `backfill` and `switchOver`, deploy the version that uses the new column, and add
 * `contract` to the migrations once no instance of the old version is left.
 *
 * @param options the columns
 * @returns the migrations, in the order in which they run
 * @throws {BadRequestError} if an option is wrong
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigrationRunner, expandAndContract } from "@kysera/migrations";
 * import { Kysely, sql } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await sql`create table users (id integer primary key, name text)`.execute(db);
 * await sql`insert into users values (1, 'Ada')`.execute(db);
 *
 * const rename = expandAndContract({
 *   table: "users",
 *   key: "id",
 *   from: "name",
 *   to: { name: "full_name", type: "text" },
 * });
 * const steps = [rename.expand, rename.backfill, rename.switchOver];
 * await createMigrationRunner(db, steps).up();
 *
 * // The old and the new version write at the same time.
 * await sql`insert into users (id, name) values (2, 'Grace')`.execute(db);
 * await sql`update users set full_name = 'Ada Lovelace' where id = 1`.execute(db);
 * assert.deepEqual(await db.selectFrom("users").selectAll().execute(), [
 *   { id: 1, name: "Ada Lovelace", full_name: "Ada Lovelace" },
 *   { id: 2, name: "Grace", full_name: "Grace" },
 * ]);
 *
 * await createMigrationRunner(db, [...steps, rename.contract]).up();
 * await db.destroy();
 * ```
 */
export function expandAndContract(options: ReplaceColumnOptions): ExpandAndContract {
  const replacement = replacementOf(options);
  const { name, table, old, now, nowType, oldType, notNull } = replacement;
  const source = sourceOf(options);
  const step = (
    word: string,
    description: string,
    rest: Pick<MigrationWithMeta, "up" | "down" | "transaction" | "lintIgnore">,
  ): MigrationWithMeta => ({
    name: `${name}_${word}`,
    description,
    source: `${word} ${source}`,
    ...rest,
  });
  return {
    expand: step("1_expand", `Adds ${table}.${now} beside ${old}, kept in sync by triggers`, {
      lintIgnore: { "nondeterministic-plan": "it only asks whether the old column is there" },
      async up(db) {
        const { raw, dialect, place } = at(db, replacement);
        await dialect.briefly(raw, place, async (trx) => {
          await dialect.prepare(trx, place);
          await trx.schema.alterTable(place.table).addColumn(place.now, nowType).execute();
          await dialect.createTriggers(trx, place);
        });
      },
      async down(db) {
        const { raw, dialect, place } = at(db, replacement);
        await dialect.briefly(raw, place, async (trx) => {
          await dialect.dropTriggers(trx, place);
          await trx.schema.alterTable(place.table).dropColumn(place.now).execute();
          await dialect.restore(trx, place);
        });
      },
    }),
    backfill: step("2_backfill", `Fills ${table}.${now} from ${old}`, {
      transaction: false,
      async up(db) {
        const { place } = at(db, replacement);
        await fill(db, place, options, place.now, place.old, place.forward(sql.ref(place.old)));
      },
      // The column is dropped with the step before.
      down: () => Promise.resolve(),
    }),
    switchOver: step("3_switch", `Checks that ${table}.${now} can take the place of ${old}`, {
      transaction: false,
      lintIgnore: { "nondeterministic-plan": "it counts the rows that differ, and sends the same" },
      async up(db) {
        const { raw, dialect, place } = at(db, replacement);
        await assertInSync(raw, place);
        if (notNull) await dialect.setNotNull(raw, place);
      },
      async down(db) {
        const { raw, dialect, place } = at(db, replacement);
        if (notNull) await dialect.dropNotNull(raw, place);
      },
    }),
    contract: step("4_contract", `Drops ${table}.${old}, which ${now} has taken the place of`, {
      lintIgnore: {
        "drop-column": "it is applied when no program uses the old column any more",
        ...oldType === undefined
          ? {}
          : { "irreversible-undeclared": "its down fills the old column from the new one" },
      },
      ...oldType === undefined ? {} : { transaction: false },
      async up(db) {
        const { raw, dialect, place } = at(db, replacement);
        // At once, where that is possible: writers would meet the one without the other.
        await dialect.briefly(raw, place, async (trx) => {
          await dialect.dropTriggers(trx, place);
          await trx.schema.alterTable(place.table).dropColumn(place.old).execute();
        });
      },
      down: oldType === undefined
        ? irreversible(`the type of "${old}" is not known; give it in the option "from"`)
        : async (db) => {
          const { raw, dialect, place } = at(db, replacement);
          await dialect.briefly(raw, place, async (trx) => {
            await trx.schema.alterTable(place.table).addColumn(place.old, oldType).execute();
            await dialect.createTriggers(trx, place);
          });
          await fill(db, place, options, place.old, place.now, place.backward(sql.ref(place.now)));
          await dialect.setOldNotNull(raw, place);
        },
    }),
  };
}

/**
 * Returns the database without plugins, which could hide rows that have to be filled, and the names as
 * the database has them.
 */
function at(db: Kysely<any>, replacement: Replacement) {
  const raw: Kysely<any> = getRawDb(db).withoutPlugins();
  return { raw, dialect: expandDialectOf(db), place: namedIn(db, replacement) };
}

/** Fills a column where it is NULL, and the one that it is filled from is not. */
async function fill(
  db: Kysely<any>,
  { table, key }: Replacement,
  { size, throttle, onProgress, signal }: ReplaceColumnOptions,
  target: string,
  origin: string,
  value: Expression<unknown>,
): Promise<void> {
  await startBatches(db, {
    table,
    key,
    size,
    throttle,
    onProgress,
    signal,
    run: async (trx, batch) => {
      await trx.updateTable(table).set({ [target]: value }).where(batch.where)
        .where(target, "is", null).where(origin, "is not", null).execute();
    },
  }, true);
}

/** Asserts that both columns agree in every row. */
async function assertInSync(raw: Kysely<any>, replacement: Replacement): Promise<void> {
  const { table, old, now, forward, backward } = replacement;
  const { isSame } = expandDialectOf(raw);
  const { count } = await raw.selectFrom(table)
    .select((eb) => eb.fn.countAll().as("count"))
    .where((eb) =>
      eb.not(eb.or([
        isSame(sql.ref(now), forward(sql.ref(old))),
        isSame(sql.ref(old), backward(sql.ref(now))),
      ]))
    ).executeTakeFirstOrThrow() as { count: number | string | bigint };
  if (Number(count) === 0) return;
  throw refuse(
    `"${old}" and "${now}" of "${table}" do not agree in ${count} rows: make sure that the backfill has ` +
      "completed, and that nothing has written while the triggers were disabled",
  );
}

/** A text that changes with the options. */
function sourceOf({ table, key, from, to, forward, backward }: ReplaceColumnOptions): string {
  const type = (value: ColumnType | undefined) =>
    typeof value === "string" || value === undefined
      ? value
      : JSON.stringify(value.toOperationNode());
  return JSON.stringify({
    table,
    key,
    from: typeof from === "string" ? from : { ...from, type: type(from.type) },
    to: { name: to.name, type: type(to.type), notNull: to.notNull },
    forward: forward === undefined ? undefined : String(forward),
    backward: backward === undefined ? undefined : String(backward),
  });
}
