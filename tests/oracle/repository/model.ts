/**
 * What repositories should do, written down as plainly as can be: each caller has tables of the rows
 * that they see, and what nobody sees is kept in a list. Statements are bare Kysely's, conditions
 * are spelled out, lists are cut in the program.
 */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Answer } from "./answers.ts";
import type { Action, Call } from "./calls.ts";
import { rowsOf } from "./conditions.ts";
import { fill, type Row, type Table, tableOf, tables } from "./tables.ts";
import { Viewer } from "./viewer.ts";

/** What the model has to know of the side under test. */
export interface ModelOptions {
  /** The database that holds what each caller sees, in tables of their own. */
  readonly db: Kysely<any>;
  /** How many callers there are who see different rows. */
  readonly viewers: 1 | 2;
  /** Whether `delete` leaves the row, marked. */
  readonly softDeletes: boolean;
}

export class Model {
  readonly #db: Kysely<any>;
  readonly #viewers: readonly number[];
  readonly #softDeletes: boolean;
  /** Deleted rows by table, as the database has them. */
  #bin: Readonly<Record<string, readonly Row[]>> = {};
  #depth = 0;

  constructor({ db, viewers, softDeletes }: ModelOptions) {
    this.#db = db;
    this.#viewers = viewers === 1 ? [0] : [0, 1];
    this.#softDeletes = softDeletes;
  }

  /** Starts anew with these rows, as the database has them. */
  async load(data: Readonly<Record<string, readonly Row[]>>): Promise<void> {
    const gone = (row: Row) => row["deleted_at"] !== null;
    this.#bin = {};
    for (const table of tables) {
      const rows = data[table.name]!;
      this.#bin = { ...this.#bin, [table.name]: rows.filter(gone) };
      for (const viewer of this.#viewers) {
        const seen = rows.filter((row) => !gone(row) && this.#sees(viewer, row));
        await fill(this.#db, nameOf(table, viewer), seen);
      }
    }
  }

  /** Every row there is of a table. */
  async all(table: Table): Promise<Row[]> {
    return await this.hidden(undefined, table);
  }

  #sees(viewer: number, row: Row): boolean {
    return this.#viewers.length === 1 || row["tenant"] === viewer + 1;
  }

  /** Runs a call; `made` are the ids of the rows that the other side gave. */
  async run(call: Extract<Call, { action: Action }>, made: readonly unknown[]): Promise<Answer> {
    const table = tableOf(call.table);
    const viewer = new Viewer(this, table, this.#viewers.length === 1 ? 0 : call.as, made);
    return await viewer.run(call.action);
  }

  /** All or nothing. */
  async atomically<T>(work: () => Promise<T>): Promise<T> {
    const name = sql.id(`model_${this.#depth}`);
    const say = (first: RawBuilder<unknown>, nested: RawBuilder<unknown>) =>
      (this.#depth === 0 ? first : nested).execute(this.#db);
    await say(sql`begin`, sql`savepoint ${name}`);
    const bin = this.#bin;
    this.#depth++;
    let result: T;
    try {
      result = await work();
    } catch (error) {
      this.#bin = bin;
      this.#depth--;
      await say(sql`rollback`, sql`rollback to savepoint ${name}`);
      throw error;
    }
    this.#depth--;
    await say(sql`commit`, sql`release savepoint ${name}`);
    return result;
  }

  get db(): Kysely<any> {
    return this.#db;
  }

  get deletes(): "bin" | "gone" {
    return this.#softDeletes ? "bin" : "gone";
  }

  /** The caller's own deleted rows. */
  binOf(viewer: number, table: Table): Row[] {
    return this.#bin[table.name]!.filter((row) => this.#sees(viewer, row));
  }

  setBin(table: Table, rows: readonly Row[]): void {
    this.#bin = { ...this.#bin, [table.name]: rows };
  }

  wholeBin(table: Table): readonly Row[] {
    return this.#bin[table.name]!;
  }

  /** The rows of a table that a caller does not see. */
  async hidden(viewer: number | undefined, table: Table): Promise<Row[]> {
    const out = [...this.#bin[table.name]!];
    for (const other of this.#viewers) {
      if (other !== viewer) out.push(...await rowsOf(this.#db, nameOf(table, other), undefined));
    }
    return out;
  }

  /** What the database gives a new row, and the plugins. */
  defaults(viewer: number, table: Table): Row {
    return {
      name: null,
      score: 7,
      team: null,
      tenant: viewer + 1,
      deleted_at: null,
      ...table.hasCode ? { code: null } : {},
      ...table.version ? { version: 1 } : {},
    };
  }
}

/** The name of a caller's copy of a table. */
export function nameOf(table: Table, viewer: number): string {
  return `${table.name}_of_${viewer}`;
}
