import { type Kysely, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import type { Query } from "../oracle/ast.ts";
import { canonicalRows } from "../oracle/canonical.ts";
import { camel, compile, execute, schemaOf } from "../oracle/execute.ts";
import type { RenderTarget } from "../oracle/render_expr.ts";
import { createTables, type Data, type Row, tables } from "../oracle/schema.ts";
import { users } from "./oracle_shapes.ts";

/** The rows of every table, as the driver gives them back. */
export type State = Record<string, Row[]>;

/** What came of a query. */
export type Attempt = { rows: string[]; error?: undefined } | { rows?: undefined; error: unknown };

/** The rows of an attempt that did not fail. */
export function rowsOf({ rows }: Attempt): string[] {
  return rows ?? [];
}

export interface SideOptions {
  readonly name: string;
  /** Makes the handle that queries run on, from the database without plugins. */
  make(db: Kysely<any>): Kysely<any> | Promise<Kysely<any>>;
  /** Whether the side has only what the caller may read. */
  readonly visibleOnly?: boolean | undefined;
  /** Whether queries are written in camel case. */
  readonly camelCase?: boolean | undefined;
  /** The ids of a table's rows that the caller may not read. */
  hidden(table: string): ReadonlySet<number>;
  /** What else the database has to have. */
  prepare?(db: Kysely<any>): Promise<void>;
}

/** The rows, without the count of what changed where it stands beside rows: SQLite gives none. */
export function comparable(rows: readonly unknown[], { statement }: Query): readonly unknown[] {
  if (statement.k === "select" || statement.returning.length === 0) return rows;
  return rows.filter((row) => typeof row !== "object" || row === null || !("affected" in row));
}

/** One of two databases whose answers are compared. */
export class Side {
  readonly name: string;
  /** The database without plugins, on the same connection. */
  readonly base: Kysely<any>;
  readonly target: RenderTarget;
  readonly #camelCase: boolean;
  readonly #close: () => Promise<void>;
  #loaded: Data = {};
  #state: State = {};

  private constructor(
    options: SideOptions,
    base: Kysely<any>,
    target: RenderTarget,
    close: () => Promise<void>,
  ) {
    this.name = options.name;
    this.base = base;
    this.target = target;
    this.#camelCase = options.camelCase ?? false;
    this.#close = close;
  }

  static async open(dialect: TestDialect, options: SideOptions): Promise<Side> {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await prepareTables(db, dialect.dialect);
      await options.prepare?.(db);
      const target: RenderTarget = {
        db: await options.make(db),
        dialect: dialect.dialect,
        schema: await schemaOf(db, dialect),
        name: options.camelCase ? camel : (name) => name,
        hidden: options.hidden,
        visibleOnly: options.visibleOnly ?? false,
      };
      return new Side(options, db, target, close);
    } catch (error) {
      await close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** The rows as they were loaded. */
  get loaded(): State {
    return this.#state;
  }

  async load(data: Data): Promise<void> {
    this.#loaded = data;
    await sql`begin`.execute(this.base);
    for (const { name } of tables) await this.#fill(name);
    await sql`commit`.execute(this.base);
    this.#state = await this.look();
  }

  async #fill(table: string): Promise<void> {
    await this.base.deleteFrom(table).execute();
    const rows = this.#loaded[table]!;
    if (rows.length > 0) await this.base.insertInto(table).values(rows).execute();
  }

  async look(): Promise<State> {
    const state: State = {};
    for (const { name } of tables) {
      state[name] = await this.base.selectFrom(name).selectAll().execute() as Row[];
    }
    return state;
  }

  /** Puts back what a query has changed; gives what it had made of the tables. */
  async restore(): Promise<State> {
    const state = await this.look();
    const changed = tables.filter(({ name }) => !sameRows(state[name]!, this.#state[name]!));
    if (changed.length === 0) return state;
    await sql`begin`.execute(this.base);
    for (const { name } of changed) await this.#fill(name);
    await sql`commit`.execute(this.base);
    return state;
  }

  async run(query: Query, ordered: boolean): Promise<Attempt> {
    try {
      const rows = await execute(this.target, query, this.#camelCase);
      return { rows: canonicalRows(comparable(rows, query), ordered) };
    } catch (error) {
      return { error };
    }
  }

  /** The query as this side sends it. */
  describe(query: Query): string {
    try {
      const { sql, parameters } = compile(this.target, query, this.#camelCase);
      return `-- ${this.name} (${query.handle}):\n${sql}\n-- ${JSON.stringify(parameters)}`;
    } catch (error) {
      return `-- ${this.name} (${query.handle}): cannot compile: ${text(error)}`;
    }
  }
}

/** The tables of the oracle, and who belongs to which team: what a policy's subquery reads. */
export async function prepareTables(db: Kysely<any>, dialect: string): Promise<void> {
  await createTables(db, dialect);
  await db.schema.createTable("members")
    .addColumn("user_id", "integer")
    .addColumn("team", "integer")
    .execute();
  const rows = Object.entries(users).flatMap(([id, teams]) =>
    teams.map((team) => ({ user_id: Number(id), team }))
  );
  await db.insertInto("members").values(rows).execute();
}

export function sameRows(a: readonly Row[], b: readonly Row[]): boolean {
  return canonicalRows(a).join("\n") === canonicalRows(b).join("\n");
}

export function text(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

export function indent(rows: readonly string[]): string {
  return rows.length === 0 ? "    (none)" : rows.map((row) => `    ${row}`).join("\n");
}
