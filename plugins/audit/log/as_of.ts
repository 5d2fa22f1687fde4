import { type AnyKysely, kyselyOf } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { AuditValues } from "../contract/entry.ts";
import { AuditMissingValuesError } from "../contract/errors.ts";
import { keyValues } from "./_entity_id.ts";
import { entityOfKey, mustHavePlugin, mustHaveTable, readEntries, readImage } from "./_reader.ts";
import { timeText } from "./get_audit_logs.ts";

/**
 * Returns a row as it was at a time, as the log tells it: what the last entry up to then made of
 * it, or what the first one after that found. A row without entries is as it is now.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param table the table, as a query names it
 * @param key the row's key: a value, or an object of the key's columns
 * @param time the time; a text as the option `getTimestamp` writes it
 * @returns the values of the row, as entries hold them; `null` where there was none
 * @throws {AuditError} where the table is not audited
 * @throws {AuditMissingValuesError} where the entry does not hold the values
 *
 * @example
 * ```ts
 * import { asOf, auditPlugin } from "@kysera/audit";
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
 * let day = 1;
 * const executor = await createExecutor(db, [
 *   auditPlugin({ getTimestamp: () => `2026-01-0${day}` }),
 * ]);
 * await executor.insertInto("users").values({ id: 1, name: "Ada" }).execute();
 * day = 3;
 * await executor.updateTable("users").set({ name: "Ada Lovelace" }).execute();
 *
 * assert.deepEqual(await asOf(executor, "users", 1, "2026-01-02"), { id: 1, name: "Ada" });
 * assert.equal(await asOf(executor, "users", 1, "2025-12-31"), null);
 * await db.destroy();
 * ```
 */
export function asOf<DB, T extends keyof DB & string>(
  executor: AnyKysely<DB>,
  table: T,
  key: unknown,
  time: Date | string,
): Promise<AuditValues | null> {
  return find(kyselyOf(executor), table, key, timeText(time, "time")!);
}

async function find(
  executor: Kysely<any>,
  table: string,
  key: unknown,
  time: string,
): Promise<AuditValues | null> {
  const action = "tell how a row was of";
  const hooks = mustHavePlugin(executor, `${action} "${table}"`);
  const known = await mustHaveTable(executor, hooks, table, action);
  const of = { table: known, entityId: entityOfKey(known, key), limit: 1 };
  const [last] = await readEntries(executor, hooks, { ...of, endDate: time });
  if (last !== undefined) {
    if (last.operation === "DELETE" || last.redacted?.includes("new_values")) return null;
    if (last.new_values !== null) return last.new_values;
    throw new AuditMissingValuesError(String(last.id), "it does not hold the row as it became");
  }
  const [first] = await readEntries(executor, hooks, { ...of, order: "asc" });
  if (first === undefined) {
    const values = keyValues(known.label, known.key, key);
    return await readImage(executor, hooks, known, values, false) ?? null;
  }
  if (first.operation === "INSERT" || first.redacted?.includes("old_values")) return null;
  if (first.old_values !== null) return first.old_values;
  throw new AuditMissingValuesError(String(first.id), "it does not hold the row as it was");
}
