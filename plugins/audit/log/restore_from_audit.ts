import { assertKnownOptions } from "@kysera/core";
import { type AnyKysely, kyselyOf } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { AuditEntry, AuditValues } from "../contract/entry.ts";
import { AuditError, AuditMissingValuesError, AuditRestoreError } from "../contract/errors.ts";
import type { JsonValue } from "../sql/_json.ts";
import type { AuditedTable } from "../strategies/common/_table.ts";
import type { AuditHooks } from "../write/_hooks.ts";
import { withEveryRow } from "../write/_reading.ts";
import { jsonNullsOf } from "./_json_null.ts";
import { isPoliced, mustHavePlugin, mustHaveTable, readEntries, readImage } from "./_reader.ts";
import { maskedIn } from "./_visible_entries.ts";
import { changedColumns } from "./diff.ts";

/** Options of {@linkcode restoreFromAudit}. */
export interface RestoreOptions {
  /**
   * Whether the row is restored although it is no more what the entry says, or without columns that
   * the entry does not hold. Default `false`.
   */
  readonly force?: boolean | undefined;
}

/**
 * Undoes what an entry tells: a row that was changed gets its old values, one that was deleted is
 * inserted again. It is a write of the executor like any other: other plugins have their say in it,
 * and it is audited.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param table the table that the entry must be of, as a query names it
 * @param auditId the entry
 * @param options see {@linkcode RestoreOptions}
 * @returns the row as it is now, as entries hold it
 * @throws {AuditRestoreError} where the entry is of another table or of an INSERT, or the row is no
 * more what the entry says
 * @throws {AuditMissingValuesError} where the entry does not hold what is needed
 * @throws {AuditError} where there is no such entry
 *
 * @example
 * ```ts
 * import { auditPlugin, getAuditLogs, restoreFromAudit } from "@kysera/audit";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const executor = await createExecutor(db, [auditPlugin()]);
 * await executor.insertInto("users").values({ id: 1, name: "Ada" }).execute();
 * await executor.deleteFrom("users").execute();
 *
 * const [deleted] = await getAuditLogs(executor, { table: "users" });
 * const row = await restoreFromAudit(executor, "users", deleted!.id);
 * assert.deepEqual(row, { id: 1, name: "Ada" });
 * await db.destroy();
 * ```
 */
export function restoreFromAudit<DB, T extends keyof DB & string>(
  executor: AnyKysely<DB>,
  table: T,
  auditId: number | bigint | string,
  options: RestoreOptions = {},
): Promise<AuditValues> {
  return restoreOfTable(kyselyOf(executor), table, auditId, options);
}

/** Does what {@linkcode restoreFromAudit} does, without its types. */
export async function restoreOfTable(
  executor: Kysely<any>,
  table: string,
  auditId: number | bigint | string,
  options: RestoreOptions,
): Promise<AuditValues> {
  assertKnownOptions(options, ["force"], {
    action: `restore from audit entry ${auditId}`,
    makeError: (message) => new AuditError(message, "AUDIT_INVALID_VALUE"),
  });
  const hooks = mustHavePlugin(executor, "restore from an audit entry");
  const known = await mustHaveTable(executor, hooks, table, "restore rows of");
  const work = (handle: Kysely<any>): Promise<AuditValues> =>
    new Restore(handle, hooks, known, String(auditId), options.force === true).run();
  return executor.isTransaction ? await work(executor) : await executor.transaction().execute(work);
}

class Restore {
  readonly #executor: Kysely<any>;
  readonly #hooks: AuditHooks;
  readonly #table: AuditedTable;
  readonly #id: string;
  readonly #force: boolean;
  /** The columns that the caller sees a mask of. */
  #masked: ReadonlySet<string> = new Set();

  constructor(
    executor: Kysely<any>,
    hooks: AuditHooks,
    table: AuditedTable,
    id: string,
    force: boolean,
  ) {
    this.#executor = executor;
    this.#hooks = hooks;
    this.#table = table;
    this.#id = id;
    this.#force = force;
  }

  async run(): Promise<AuditValues> {
    const [entry] = await readEntries(this.#executor, this.#hooks, {
      table: this.#table,
      auditId: this.#id,
    });
    if (entry === undefined) throw await this.#notFound();
    if (entry.operation === "INSERT") {
      throw this.#cannot("it tells of an INSERT; to undo that, delete the row");
    }
    this.#masked = maskedIn(entry);
    const { old_values: old } = entry;
    if (old === null) throw this.#missing("it does not hold the row as it was");
    return entry.operation === "DELETE" ? await this.#insert(old) : await this.#update(entry, old);
  }

  async #update(entry: AuditEntry, old: AuditValues): Promise<AuditValues> {
    const { new_values: now } = entry;
    const key = this.#keyOf(now ?? old);
    const current = await readImage(this.#executor, this.#hooks, this.#table, key, true);
    if (current === undefined) throw this.#cannot("the row is not there, or may not be seen");
    if (!this.#force) {
      if (now === null) throw this.#missing("it does not hold what the row became; use force");
      const changed = Object.keys(changedColumns(now, current));
      if (changed.length > 0) {
        throw this.#cannot(
          `the row was changed since, in ${
            changed.map((name) => `"${name}"`).join(", ")
          }; use force ` +
            "to restore it all the same",
        );
      }
    }
    const changes = changedColumns(old, current);
    const set = this.#columnsOf(
      old,
      (name) =>
        changes[name] !== undefined ||
        jsonNullsOf(old).has(name) !== jsonNullsOf(current).has(name),
    );
    if (Object.keys(set).length === 0) return current;
    let query = this.#handle().updateTable(this.#table.path).set(set);
    this.#table.key.forEach((column, i) =>
      query = query.where(`${this.#table.name}.${column}`, "=", key[i])
    );
    const { numUpdatedRows } = await query.executeTakeFirst();
    if (numUpdatedRows === 0n) throw this.#cannot("the row may not be changed");
    return await this.#result(this.#keyOf({ ...current, ...old }));
  }

  async #insert(old: AuditValues): Promise<AuditValues> {
    const key = this.#keyOf(old);
    if (key.length > 0) {
      const current = await readImage(this.#executor, this.#hooks, this.#table, key, true);
      if (current !== undefined) throw this.#cannot("there is a row with its key again");
    }
    const { info, kept, masked } = this.#table;
    const isHeld = (name: string): boolean => !masked.has(name) && !this.#masked.has(name);
    const held = new Set(kept.map(({ name }) => name).filter(isHeld));
    const lost = info.columns.filter(({ name, generated }) => !generated && !held.has(name));
    if (lost.length > 0 && !this.#force) {
      throw this.#missing(
        `it does not hold ${
          lost.map(({ name }) => `"${name}"`).join(", ")
        }; use force to insert the ` +
          "row without",
      );
    }
    const row = this.#columnsOf(old, () => true);
    await this.#handle().insertInto(this.#table.path).values(row).execute();
    return key.length === 0 ? old : await this.#result(key);
  }

  /** What the columns of an entry are set to. */
  #columnsOf(values: AuditValues, isWanted: (name: string) => boolean): Record<string, unknown> {
    const { info } = this.#table;
    const { images } = this.#hooks.strategy;
    const masked = new Set([...this.#table.masked, ...this.#masked]);
    return Object.fromEntries(
      info.columns.flatMap((column) => {
        const value = values[column.name];
        const isGiven = value !== undefined && !column.generated && !masked.has(column.name);
        return isGiven && isWanted(column.name)
          ? [[
            column.name,
            images.columnValue(value, column, jsonNullsOf(values).has(column.name)),
          ]]
          : [];
      }),
    );
  }

  #keyOf(values: AuditValues): JsonValue[] {
    return this.#table.key.map((column) => {
      const value = values[column];
      if (value === undefined) throw this.#missing(`it does not hold the key "${column}"`);
      return value;
    });
  }

  async #result(key: readonly JsonValue[]): Promise<AuditValues> {
    const now = await readImage(this.#executor, this.#hooks, this.#table, key, false);
    if (now !== undefined) return now;
    throw this.#cannot("another plugin, or the database, kept the row from becoming what it was");
  }

  /** With rows that are deleted softly; the names in our statements are the database's own. */
  #handle(): Kysely<any> {
    return withEveryRow(this.#executor);
  }

  async #notFound(): Promise<AuditError> {
    const { name, schema } = this.#hooks.tables.auditTable;
    const from = schema === undefined ? name : `${schema}.${name}`;
    // Where policies hide entries, they hide as well that there is one.
    const [other] = isPoliced(this.#executor)
      ? []
      : await this.#executor.withoutPlugins().selectFrom(from).select("table_name")
        .where("id", "=", this.#id).execute();
    return other === undefined || this.#table.labels.includes(String(other["table_name"]))
      ? new AuditError(`Cannot find audit entry ${this.#id}`, "AUDIT_LOG_NOT_FOUND")
      : this.#cannot(`it is of table "${other["table_name"]}", not of "${this.#table.label}"`);
  }

  #cannot(problem: string): AuditRestoreError {
    return new AuditRestoreError(this.#id, problem);
  }

  #missing(problem: string): AuditMissingValuesError {
    return new AuditMissingValuesError(this.#id, problem);
  }
}
