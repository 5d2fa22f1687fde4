/**
 * The tables that timestamps are tested on: notes have all four columns, events are only made,
 * counters are only changed, and labels have none.
 */
import { createExecutor, type KyseraExecutor } from "@kysera/executor";
import {
  type TimestampsOptions,
  type TimestampsPlugin,
  timestampsPlugin,
} from "@kysera/timestamps";
import { type Generated, type Kysely, sql } from "kysely";
import type { TestDatabase, TestDialect, TestOpenOptions } from "../support/matrix.ts";

type Time = Generated<Date | string | null>;

export interface NotesTable {
  id: number;
  title: string;
  body: string | null;
  created_at: Time;
  updated_at: Time;
  created_by: Generated<number | null>;
  updated_by: Generated<number | null>;
}

export interface Database {
  ts_notes: NotesTable;
  ts_events: { id: number; name: string; created_at: Time };
  ts_counters: { id: number; n: number; updated_at: Time };
  ts_labels: { id: number; name: string };
}

/** What the clock says when it is first asked; each time it is asked, it is a second later. */
export const START: number = Date.parse("2026-01-31T12:00:00.000Z");

/** When the rows were made that are there from the start. */
export const BEFORE: Date = new Date("2025-06-30T08:30:00.000Z");

/** A clock that tells who asks it: no two answers are the same. */
export class Clock {
  /** How often it was asked. */
  asked = 0;
  readonly read = (): Date => new Date(START + this.asked++ * 1_000);
}

/** What a dialect calls the type of the columns. */
export function timeType({ dialect }: Pick<TestDialect, "dialect">): ReturnType<typeof sql> {
  if (dialect === "sqlite") return sql`text`;
  return dialect === "postgres" ? sql`timestamptz` : sql`datetime(3)`;
}

/** A time as a dialect's driver takes it. */
export function time({ dialect }: Pick<TestDialect, "dialect">, date: Date): Date | string {
  return dialect === "sqlite" ? date.toISOString() : date;
}

/** How many answers of the clock came before a time: 0 for the first; `"old"`, or `null`. */
export function tick(value: unknown): number | "old" | null {
  if (value === null) return null;
  const at = value instanceof Date ? value.getTime() : Date.parse(String(value));
  return at === BEFORE.getTime() ? "old" : (at - START) / 1_000;
}

/** The stamps of the notes: `title created/updated`, by id. */
export async function stamps(db: Kysely<any>): Promise<string[]> {
  const rows = await db.selectFrom("ts_notes").selectAll().orderBy("id").execute();
  return rows.map((row) => `${row.title} ${tick(row.created_at)}/${tick(row.updated_at)}`);
}

export async function createTables(dialect: TestDialect, db: Kysely<any>): Promise<void> {
  const type = timeType(dialect);
  await db.schema.createTable("ts_notes")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("title", "varchar(50)", (column) => column.notNull().unique())
    .addColumn("body", "varchar(50)")
    .addColumn("created_at", type)
    .addColumn("updated_at", type)
    .addColumn("created_by", "integer")
    .addColumn("updated_by", "integer")
    .execute();
  await db.schema.createTable("ts_events")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(50)")
    .addColumn("created_at", type)
    .execute();
  await db.schema.createTable("ts_counters")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("n", "integer", (column) => column.defaultTo(0))
    .addColumn("updated_at", type)
    .execute();
  await db.schema.createTable("ts_labels")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(50)")
    .execute();
}

/** One database for the tests of a file, filled anew for each: notes 1 and 2, label 1. */
export class World {
  readonly dialect: TestDialect;
  clock: Clock = new Clock();
  #database: TestDatabase | undefined;

  constructor(dialect: TestDialect) {
    this.dialect = dialect;
  }

  /** Without the plugin. */
  get db(): Kysely<Database> {
    return this.#database!.db;
  }

  async open(options: TestOpenOptions = {}): Promise<void> {
    this.#database = await this.dialect.open(options);
    await createTables(this.dialect, this.db);
  }

  async fill(): Promise<void> {
    this.clock = new Clock();
    for (const table of ["ts_notes", "ts_events", "ts_counters", "ts_labels"] as const) {
      await this.db.deleteFrom(table).execute();
    }
    const old = time(this.dialect, BEFORE);
    await this.db.insertInto("ts_notes").values([
      { id: 1, title: "a", body: "x", created_at: old, updated_at: old },
      { id: 2, title: "b", body: "y", created_at: old, updated_at: old },
    ]).execute();
    await this.db.insertInto("ts_labels").values({ id: 1, name: "one" }).execute();
  }

  /** An executor with the plugin, whose clock is the world's. */
  executor(
    options: TimestampsOptions = {},
  ): Promise<KyseraExecutor<Database, readonly [TimestampsPlugin]>> {
    return createExecutor<Database, readonly [TimestampsPlugin]>(this.db, [
      timestampsPlugin({
        tables: ["ts_notes", "ts_events", "ts_counters"],
        getTimestamp: this.clock.read,
        ...options,
      }),
    ]);
  }

  async close(): Promise<void> {
    await this.#database?.close();
  }
}
