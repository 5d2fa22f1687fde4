import type { SqliteHandle, SqliteHandleStatement } from "./_handle.ts";

/**
 * Prepared statements by SQL text, the least recently used one out first.
 *
 * A statement is taken out while it runs and put back afterwards, so two executions can never share
 * one: the second finds nothing and prepares its own.
 */
export class StatementCache {
  readonly #handle: SqliteHandle;
  readonly #capacity: number;
  readonly #idle = new Map<string, SqliteHandleStatement>();
  #generation = 0;

  constructor(handle: SqliteHandle, capacity: number) {
    this.#handle = handle;
    this.#capacity = capacity;
  }

  /** Changes with every {@link clear}; statements of an older one must not be put back. */
  get generation(): number {
    return this.#generation;
  }

  take(sql: string): SqliteHandleStatement {
    const statement = this.#idle.get(sql);
    if (statement === undefined) return this.#handle.prepare(sql);
    this.#idle.delete(sql);
    return statement;
  }

  give(sql: string, statement: SqliteHandleStatement, generation: number): void {
    if (generation !== this.#generation || this.#capacity === 0 || this.#idle.has(sql)) {
      statement.finalize();
      return;
    }
    this.#idle.set(sql, statement);
    if (this.#idle.size > this.#capacity) {
      const [oldest, evicted] = this.#idle.entries().next().value!;
      this.#idle.delete(oldest);
      evicted.finalize();
    }
  }

  /** Forgets every idle statement, and those in use as soon as they are given back. */
  clear(): void {
    this.#generation++;
    for (const statement of this.#idle.values()) statement.finalize();
    this.#idle.clear();
  }
}
