/**
 * Reads a log the way an auditor would: what it tells, done again, must give the tables.
 */
import type { AuditEntry } from "@kysera/audit";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";

/** The rows of tables, each as text; equal rows of a table without a key are there several times. */
export class State {
  readonly #rows = new Map<string, number>();

  static async of(db: Kysely<any>, tables: readonly string[]): Promise<State> {
    const state = new State();
    for (const table of tables) {
      const rows = await db.selectFrom(table).selectAll().execute();
      for (const row of rows) state.add(table, row);
    }
    return state;
  }

  add(table: string, row: object): void {
    const key = textOf(table, row);
    this.#rows.set(key, (this.#rows.get(key) ?? 0) + 1);
  }

  take(table: string, row: object): void {
    const key = textOf(table, row);
    const count = this.#rows.get(key) ?? 0;
    assert.ok(count > 0, `an entry tells of a row that was not there: ${key}`);
    if (count === 1) this.#rows.delete(key);
    else this.#rows.set(key, count - 1);
  }

  /** Does what the entries tell. */
  fold(entries: readonly AuditEntry[]): this {
    for (const { operation, table_name, old_values, new_values } of entries) {
      assert.equal(operation === "INSERT", old_values === null, operation);
      assert.equal(operation === "DELETE", new_values === null, operation);
      if (old_values !== null) this.take(table_name, old_values);
      if (new_values !== null) this.add(table_name, new_values);
    }
    return this;
  }

  list(): string[] {
    return [...this.#rows].map(([key, count]) => `${key} x${count}`).sort();
  }
}

function textOf(table: string, row: object): string {
  const members = Object.entries(row).map(([name, value]) => [name, plain(value)])
    .sort(([a], [b]) => a! < b! ? -1 : 1);
  return `${table} ${JSON.stringify(members)}`;
}

/** A time is text in an entry, and whatever its driver makes of it in a row. */
function plain(value: unknown): unknown {
  const text = value instanceof Date ? value.toISOString() : value;
  const isTime = typeof text === "string" && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/.test(text);
  return isTime ? text.slice(0, 19).replace("T", " ") : text;
}
