import { assertKnownOptions, detectDialect, hasInteractiveTransactions } from "@kysera/core";
import { getRawDb, type PluginHost } from "@kysera/executor";
import { CompiledQuery, type Kysely, sql } from "kysely";
import { readOptions } from "../contract/_settings.ts";
import { AuditError } from "../contract/errors.ts";
import type { AuditOptions } from "../contract/options.ts";
import { NOT_SUPPORTED, strategyOf } from "../strategies/_strategies.ts";
import { TRIGGERS } from "../strategies/_trigger_strategies.ts";
import { AuditedTables } from "../write/_tables.ts";

/** What the triggers of {@linkcode auditTriggers} do; as the plugin's options of these names. */
export interface AuditTriggerOptions extends
  Pick<
    AuditOptions,
    | "auditTable"
    | "primaryKeyColumn"
    | "captureOldValues"
    | "captureNewValues"
    | "allowColumns"
    | "denyColumns"
    | "maskColumns"
    | "deletedAtColumn"
  > {
  /** The tables, as the database names them: `"users"`, or `"app.users"`. */
  readonly tables: readonly string[];
}

/** Statements that make triggers, and that drop them again. */
export interface AuditTriggers {
  /** To be run one after the other. */
  readonly create: readonly string[];
  /** To be run one after the other. */
  readonly drop: readonly string[];
}

const OPTIONS: readonly (keyof AuditTriggerOptions)[] = [
  "tables",
  "auditTable",
  "primaryKeyColumn",
  "captureOldValues",
  "captureNewValues",
  "allowColumns",
  "denyColumns",
  "maskColumns",
  "deletedAtColumn",
];

/**
 * Writes triggers that write the same entries as the plugin: so what raw SQL and other clients change
 * is written down too. The audit table must be there. For PostgreSQL, SQLite and MariaDB. Triggers of
 * an earlier call are replaced.
 *
 * With the plugin on as well, a change has one entry: the triggers leave alone what the plugin writes
 * down, or with its `mode: "trigger"` they write it. An executor must be made after its triggers.
 *
 * @param db the database; its catalog is read
 * @param options the tables, and what is kept of them
 * @returns the statements, to be kept in a migration or to be run
 * @throws {AuditError} where a table is not there, or the dialect has no such triggers
 *
 * @example
 * ```ts
 * import { auditTriggers, createAuditTable } from "@kysera/audit";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * const db = new Kysely<Record<string, never>>({ dialect: nodeSqliteDialect({ database }) });
 * await createAuditTable(db);
 * for (const statement of (await auditTriggers(db, { tables: ["users"] })).create) {
 *   database.exec(statement);
 * }
 * database.exec("insert into users (name) values ('Ada')");
 * const entry = database.prepare("select * from audit_logs").get()!;
 * assert.equal(entry["new_values"], '{"id":1,"name":"Ada"}');
 * await db.destroy();
 * ```
 */
export async function auditTriggers(
  db: Kysely<any>,
  options: AuditTriggerOptions,
): Promise<AuditTriggers> {
  const dialect = detectDialect(db);
  assertKnownOptions(options, OPTIONS, { makeError: invalid });
  const strategy = strategyOf(dialect);
  const triggers = TRIGGERS[dialect];
  if (strategy === undefined || triggers === undefined) throw invalid(NOT_SUPPORTED);
  const settings = readOptions(options);
  const plain: Kysely<any> = getRawDb<any>(db).withoutPlugins();
  const same = strategy.catalog.foldCase;
  const host: PluginHost = {
    dialect,
    db: plain,
    canWait: true,
    check: "off",
    tables: () => Promise.resolve([]),
    relations: () => Promise.resolve([]),
    foreignKeys: () => Promise.resolve([]),
    physicalName: same,
    physicalColumn: same,
  };
  const tables = new AuditedTables(host, settings, strategy);
  const parts = triggers.make(plain, settings, tables.auditTable);
  const create: string[] = [...parts.before];
  const drop: string[] = [];
  for (const entry of options.tables) {
    const [first, second] = entry.split(".") as [string, string?];
    const found = await tables.get(
      async (piece) => (await sql<Record<string, unknown>>`${piece}`.execute(plain)).rows,
      second ?? first,
      second === undefined ? undefined : first,
    );
    if (found === undefined) throw invalid(`there is no table "${entry}"`);
    const own = parts.table(found);
    create.push(...own.create);
    drop.push(...own.drop);
  }
  return { create, drop: [...drop, ...parts.after] };
}

/**
 * Makes the triggers of {@linkcode auditTriggers}, in the place of those that are there.
 *
 * @param db the database, or a transaction
 * @param options the tables, and what is kept of them
 *
 * @example
 * ```ts
 * import { createAuditTable, createAuditTriggers } from "@kysera/audit";
 * import type { Kysely } from "kysely";
 *
 * export async function up(db: Kysely<unknown>): Promise<void> {
 *   await createAuditTable(db);
 *   await createAuditTriggers(db, { tables: ["users", "orders"], denyColumns: ["users.password"] });
 * }
 * ```
 */
export async function createAuditTriggers(
  db: Kysely<any>,
  options: AuditTriggerOptions,
): Promise<void> {
  const { create } = await auditTriggers(db, options);
  await run(db, create, TRIGGERS[detectDialect(db)]?.replaces === false);
}

/**
 * Drops the triggers of {@linkcode auditTriggers}; entries stay.
 *
 * @param db the database, or a transaction
 * @param options the tables, and the audit table where it has another name
 *
 * @example
 * ```ts
 * import { dropAuditTriggers } from "@kysera/audit";
 * import type { Kysely } from "kysely";
 *
 * export async function down(db: Kysely<unknown>): Promise<void> {
 *   await dropAuditTriggers(db, { tables: ["users", "orders"] });
 * }
 * ```
 */
export async function dropAuditTriggers(
  db: Kysely<any>,
  options: AuditTriggerOptions,
): Promise<void> {
  const { drop } = await auditTriggers(db, options);
  await run(db, drop);
}

/** Runs the statements as a whole where they have to be: nothing is written between them. */
async function run(
  db: Kysely<any>,
  statements: readonly string[],
  isWhole = false,
): Promise<void> {
  const plain: Kysely<any> = getRawDb<any>(db).withoutPlugins();
  const all = async (on: Kysely<any>): Promise<void> => {
    for (const statement of statements) await on.executeQuery(CompiledQuery.raw(statement));
  };
  if (!isWhole || plain.isTransaction || !hasInteractiveTransactions(plain)) await all(plain);
  else await plain.transaction().execute(all);
}

function invalid(problem: string): AuditError {
  return new AuditError(`Cannot make audit triggers: ${problem}`, "AUDIT_INVALID_VALUE");
}
