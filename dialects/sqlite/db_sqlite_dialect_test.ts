import { DatabaseSync, type StatementSync } from "node:sqlite";
import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { Kysely, sql } from "kysely";
import { type DbSqliteDatabase, dbSqliteDialect, type DbSqliteStatement } from "@kysera/dialects";
import { describeContract } from "../_contract_test.ts";

type Parameter = null | number | bigint | string | Uint8Array;

/**
 * `@db/sqlite` is on JSR and runs in Deno only, so it is not tested itself: this stands in for it,
 * with its shapes and its habits, over `node:sqlite`.
 */
class StandInDatabase implements DbSqliteDatabase {
  readonly #database = new DatabaseSync(":memory:");
  readonly prepared: string[] = [];
  int64 = false;
  lastInsertRowId = 0;

  prepare(text: string): DbSqliteStatement {
    this.prepared.push(text);
    // It tells SQLite the number of UTF-16 units for the number of bytes.
    const bytes = new TextEncoder().encode(text).slice(0, text.length);
    const statement = this.#database.prepare(new TextDecoder().decode(bytes));
    statement.setReadBigInts(true);
    return new StandInStatement(this, statement);
  }

  close(): void {
    this.#database.close();
  }

  /** Only with `int64` are integers read whole, and then as a number if that loses nothing. */
  read(value: unknown): unknown {
    if (typeof value !== "bigint") return value;
    if (!this.int64) return Number(BigInt.asIntN(32, value));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}

class StandInStatement implements DbSqliteStatement {
  readonly #database: StandInDatabase;
  readonly #statement: StatementSync;
  #finalized = false;

  constructor(database: StandInDatabase, statement: StatementSync) {
    this.#database = database;
    this.#statement = statement;
  }

  columnNames(): string[] {
    return this.#statement.columns().map(({ name }) => name);
  }

  values(...parameters: Parameter[]): unknown[][] {
    const names = this.columnNames();
    const rows = this.#use().all(...parameters.map(integer));
    return rows.map((row) => names.map((name) => this.#database.read(row[name])));
  }

  run(...parameters: Parameter[]): number {
    const { changes, lastInsertRowid } = this.#use().run(...parameters.map(integer));
    this.#database.lastInsertRowId = Number(lastInsertRowid);
    return Number(changes);
  }

  *iter(...parameters: Parameter[]): Generator<Record<string, unknown>> {
    for (const row of this.#use().all(...parameters.map(integer))) {
      const entries = Object.entries(row);
      yield Object.fromEntries(entries.map(([name, value]) => [name, this.#database.read(value)]));
    }
  }

  finalize(): void {
    this.#finalized = true;
  }

  #use(): StatementSync {
    if (this.#finalized) throw new Error("used after finalize()");
    return this.#statement;
  }
}

/** It binds every number without a fraction as an integer. */
function integer(value: Parameter): Parameter {
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
}

describeContract({
  name: "dbSqliteDialect(), over a stand-in for @db/sqlite",
  family: "sqlite",
  open: () => Promise.resolve({ dialect: dbSqliteDialect({ database: new StandInDatabase() }) }),
});

describe("dbSqliteDialect()", () => {
  it("refuses a number that the driver would bind as another", async () => {
    const db = new Kysely<object>({
      dialect: dbSqliteDialect({ database: new StandInDatabase() }),
    });
    await assert.rejects(sql`select ${1e300}`.execute(db), /Cannot bind parameter 1/);
    await db.destroy();
  });

  it("refuses bigints: always, which the driver cannot give", () => {
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => dbSqliteDialect({ database: new StandInDatabase(), bigints: "always" }),
      /Cannot call dbSqliteDialect\(\): option "bigints" is "always"/,
    );
  });
});
