import type { SqliteHandle, SqliteHandleStatement } from "./_handle.ts";

/** A prepared statement, and what is remembered about it. */
export interface CachedStatement {
  readonly handle: SqliteHandleStatement;
  /** The schema its columns depend on; see {@link StatementCache.take}. */
  readonly schema: number | undefined;
  /** Whether it has once returned an integer that does not fit into a number. */
  readsBigints: boolean;
}

/** A star that stands for columns, as in `select *` and `returning *`, and not `count(*)`. */
const STAR = /(?:^|[^(])\*/;

/**
 * Prepared statements by SQL text, the least recently used one out first.
 *
 * A statement is taken out while it runs and put back afterwards, so two executions can never share
 * one: the second finds nothing and prepares its own.
 */
export class StatementCache {
  readonly #handle: SqliteHandle;
  readonly #capacity: number;
  readonly #idle = new Map<string, CachedStatement>();
  #schemaVersion: SqliteHandleStatement | undefined;
  #loadedVersion: number | undefined;
  #changes = 0;

  constructor(handle: SqliteHandle, capacity: number) {
    this.#handle = handle;
    this.#capacity = capacity;
  }

  /** Finds or prepares a statement, which is the caller's alone until it is given back. */
  take(sql: string): CachedStatement {
    const cached = this.#idle.get(sql);
    if (cached === undefined) return this.#prepare(sql);
    this.#idle.delete(sql);
    // SQLite prepares a statement again by itself when the schema has changed, by whomever, but
    // drivers still see the columns of before the first time: too few, or too many.
    if (cached.schema === undefined || cached.schema === this.#schema()) return cached;
    cached.handle.finalize?.();
    return this.#prepare(sql);
  }

  /** Gives a statement back. */
  give(sql: string, statement: CachedStatement): void {
    if (this.#capacity === 0 || this.#idle.has(sql)) {
      statement.handle.finalize?.();
      return;
    }
    this.#idle.set(sql, statement);
    if (this.#idle.size > this.#capacity) {
      for (const [oldest, evicted] of this.#idle) {
        this.#idle.delete(oldest);
        evicted.handle.finalize?.();
        break;
      }
    }
  }

  /** To be called after a statement that may have changed a schema that has no version of its own. */
  schemaChanged(): void {
    this.#changes++;
  }

  /** Frees every idle statement. */
  clear(): void {
    for (const { handle } of this.#idle.values()) handle.finalize?.();
    this.#idle.clear();
    this.#schemaVersion?.finalize?.();
    this.#schemaVersion = undefined;
  }

  #prepare(sql: string): CachedStatement {
    const schema = STAR.test(sql) ? this.#schema() : undefined;
    return { handle: this.#handle.prepare(sql), schema, readsBigints: false };
  }

  /**
   * The version of the schema of the main database, which changes of other connections raise too,
   * and the number of changes seen here, for temporary tables and attached databases.
   */
  #schema(): number {
    this.#schemaVersion ??= this.#handle.prepare("pragma schema_version");
    const version = Number(this.#schemaVersion.values([])[0]![0]);
    if (version !== this.#loadedVersion) {
      // SQLite itself notices the changes of others only when a statement runs.
      const load = this.#handle.prepare("select 1 from sqlite_master limit 0");
      load.values([]);
      load.finalize?.();
      this.#loadedVersion = version;
    }
    return version + this.#changes * 2 ** 32;
  }
}
