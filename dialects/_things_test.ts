import { maxParametersOf } from "@kysera/core";
import { type Kysely, sql } from "kysely";

/** The table that the tests of the contract work on. */
export class Things {
  readonly family: "sqlite" | "postgres" | "mysql";
  readonly #db: () => Kysely<any>;

  constructor(family: Things["family"], db: () => Kysely<any>) {
    this.family = family;
    this.#db = db;
  }

  /** The database, which is there when the first test runs. */
  get db(): Kysely<any> {
    return this.#db();
  }

  async create(): Promise<void> {
    const { family } = this;
    const types = {
      sqlite: { at: sql`text`, data: sql`blob` },
      postgres: { at: sql`timestamptz`, data: sql`bytea` },
      mysql: { at: sql`datetime(3)`, data: sql`blob` },
    }[family];
    await this.db.schema.createTable("things")
      .addColumn(
        "id",
        family === "postgres" ? "serial" : "integer",
        (c) => family === "postgres" ? c.primaryKey() : c.primaryKey().autoIncrement(),
      )
      .addColumn("name", "varchar(100)", (c) => c.notNull().unique())
      .addColumn("amount", "integer")
      .addColumn("big", "bigint")
      .addColumn("flag", "boolean")
      .addColumn("at", types.at)
      .addColumn("data", types.data)
      .execute();
  }

  async empty(): Promise<void> {
    await this.db.deleteFrom("things").execute();
  }

  /** So many rows and no others: n0 with the amount 0, n1 with 1, and so on. */
  async fill(count: number): Promise<void> {
    await this.empty();
    const rows = Array.from({ length: count }, (_, i) => ({ name: `n${i}`, amount: i }));
    // Each row has two values.
    const most = Math.min(500, Math.floor(maxParametersOf(this.db) / 2));
    for (let i = 0; i < count; i += most) {
      await this.db.insertInto("things").values(rows.slice(i, i + most)).execute();
    }
  }

  async count(): Promise<number> {
    const { n } = await this.db.selectFrom("things").select((eb) => eb.fn.countAll().as("n"))
      .executeTakeFirstOrThrow();
    return Number(n);
  }
}
