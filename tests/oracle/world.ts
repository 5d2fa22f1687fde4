import { QueryRefusedError } from "@kysera/executor";
import { type Kysely, type KyselyPlugin, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import type { Query, Statement } from "./ast.ts";
import { canonicalRows } from "./canonical.ts";
import { camel, compile, execute as executeQuery, inserts, schemaOf } from "./execute.ts";
import type { RenderTarget } from "./render_expr.ts";
import { createTables, filteredNames, hiddenIds, isHidden, load, tables } from "./schema.ts";
import type { Data, Hides, Row } from "./schema.ts";

/** What is put to the test: how to make the handle whose queries must not see hidden rows. */
export interface Subject {
  readonly name: string;
  /** Makes the handle from a database without plugins. */
  make(db: Kysely<any>): Kysely<any> | Promise<Kysely<any>>;
  /** Whether queries are written in camel case, on both sides. */
  readonly camelCase?: KyselyPlugin | undefined;
  /** Whether a DELETE through the handle is a soft delete. */
  readonly softDeletes?: boolean | undefined;
  /** Which rows are hidden. Default: those that have a `deleted_at`. */
  readonly hides?: Hides | undefined;
  /** Whether the error is a refusal by name. */
  readonly isRefusal?: ((error: unknown) => boolean) | undefined;
  /** Statements that this subject may refuse, beside those of {@linkcode mayBeRefused}. */
  readonly mayRefuse?: ((statement: Statement, dialect: string) => boolean) | undefined;
}

/** The two sides disagree. */
export class Mismatch extends Error {
  override readonly name: string = "Mismatch";
  /** What sort of difference it is: shrinking must not turn one sort into another. */
  readonly sort: string;

  constructor(sort: string, message: string) {
    super(message);
    this.sort = sort;
  }
}

export type Outcome = "equal" | "failed on both sides" | "refused";

interface Side {
  readonly name: string;
  readonly target: RenderTarget;
  /** The database without plugins, on the same connection. */
  readonly base: Kysely<any>;
}

/** Runs a query on the side under test, otherwise than by its builder. */
export type Execute = typeof executeQuery;

type Attempt = { rows: string[] } | { error: unknown };

/**
 * A database with hidden rows behind the handle under test, and one with only the visible rows
 * behind bare Kysely.
 */
export class World {
  readonly subject: Subject;
  /** Told of what the visible side refuses. */
  onError: ((error: unknown, query: Query) => void) | undefined;
  readonly #dialect: TestDialect;
  readonly #full: Side;
  readonly #visible: Side;
  readonly #closers: (() => Promise<void>)[];
  #data: Data = {};
  /** The hidden rows as the driver gives them back. */
  #hidden: Record<string, Row[]> = {};

  private constructor(
    dialect: TestDialect,
    subject: Subject,
    full: Side,
    visible: Side,
    closers: (() => Promise<void>)[],
  ) {
    this.#dialect = dialect;
    this.subject = subject;
    this.#full = full;
    this.#visible = visible;
    this.#closers = closers;
  }

  /**
   * Opens one.
   *
   * @param beside the world whose database with hidden rows this one looks at as well, otherwise
   */
  static async open(dialect: TestDialect, subject: Subject, beside?: World): Promise<World> {
    // One connection each, so that a transaction begun beside the handle holds the handle's query.
    const opened = beside === undefined ? await dialect.open({ connections: 1 }) : undefined;
    const full = opened ?? { db: beside!.#full.base };
    const visible = await dialect.open({ connections: 1 });
    const closers = [...opened === undefined ? [] : [opened.close], visible.close];
    try {
      if (beside === undefined) await createTables(full.db, dialect.dialect);
      await createTables(visible.db, dialect.dialect);
      const name = subject.camelCase ? camel : (n: string) => n;
      const plugins = subject.camelCase ? [subject.camelCase] : [];
      // What is hidden is known once rows are loaded, and that needs the world.
      const holder: { world?: World } = {};
      const hidden = (table: string) =>
        filteredNames.includes(table)
          ? hiddenIds(holder.world!.#data, table, subject.hides)
          : new Set<number>();
      const target = { dialect: dialect.dialect, name, hidden } as const;
      const world = new World(
        dialect,
        subject,
        {
          name: subject.name,
          base: full.db,
          target: {
            ...target,
            db: await subject.make(full.db),
            schema: await schemaOf(full.db, dialect),
            visibleOnly: false,
          },
        },
        {
          name: "bare Kysely on visible rows",
          base: visible.db,
          target: {
            ...target,
            db: plugins.reduce((db, plugin) => db.withPlugin(plugin), visible.db),
            schema: await schemaOf(visible.db, dialect),
            visibleOnly: true,
          },
        },
        closers,
      );
      holder.world = world;
      return world;
    } catch (error) {
      for (const close of closers) await close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }

  async load(data: Data): Promise<void> {
    this.#data = data;
    await load(this.#full.base, data, false);
    await load(this.#visible.base, data, true, this.subject.hides);
    for (const { name } of tables) {
      const rows = await this.#full.base.selectFrom(name).selectAll().execute();
      this.#hidden[name] = (rows as Row[]).filter((row) => this.#isHidden(name, row));
    }
  }

  get #camelCase(): boolean {
    return this.subject.camelCase !== undefined;
  }

  #isHidden(table: string, row: Row): boolean {
    return isHidden(table, row, this.subject.hides);
  }

  /**
   * Runs a query on both sides. Throws {@linkcode Mismatch} where they differ.
   *
   * @param execute runs it on the side under test. Default: its builder does
   */
  async check(query: Query, execute?: Execute): Promise<Outcome> {
    const { statement } = query;
    if (!changes(statement)) {
      const ordered = statement.k === "select" && statement.total;
      const expected = await this.#run(this.#visible, query, ordered);
      const got = await this.#run(this.#full, query, ordered, execute);
      return this.#compare(query, expected, got);
    }
    const expected = await this.#runAndLook(this.#visible, query);
    const got = await this.#runAndLook(this.#full, query, execute);
    const outcome = this.#compare(query, expected.result, got.result);
    if (outcome === "equal") {
      for (const { name } of tables) {
        this.#compareState(name, expected.state[name]!, got.state[name]!);
      }
    }
    return outcome;
  }

  /** MySQL and MariaDB see other names of common table expressions: those are refused on both. */
  #isAmbiguous(error: unknown): boolean {
    return this.#dialect.dialect === "mysql" && error instanceof QueryRefusedError &&
      error.reason === "AMBIGUOUS_NAME";
  }

  #compare(query: Query, expected: Attempt, got: Attempt): Outcome {
    if ("error" in got && this.subject.isRefusal?.(got.error)) {
      const also = (s: Statement) => this.subject.mayRefuse?.(s, this.#dialect.dialect) ?? false;
      if (mayBeRefused(query.statement, also) || this.#isAmbiguous(got.error)) return "refused";
    }
    if ("error" in expected) this.onError?.(expected.error, query);
    if ("error" in expected && "error" in got) return "failed on both sides";
    // A planner that is at its wit's end: of either query.
    if ([expected, got].some((each) => "error" in each && isInternal(each.error))) {
      return "failed on both sides";
    }
    if ("error" in expected) {
      throw new Mismatch(
        "visible side fails",
        `Only ${this.#visible.name} fails: ${text(expected.error)}`,
      );
    }
    if ("error" in got) {
      throw new Mismatch(
        `fails with ${codeOf(got.error)}`,
        `Only ${this.#full.name} fails: ${text(got.error)}`,
      );
    }
    if (expected.rows.join("\n") !== got.rows.join("\n")) {
      throw new Mismatch(
        "results",
        `The results differ\n  visible rows only:\n${indent(expected.rows)}\n` +
          `  ${this.#full.name}:\n${indent(got.rows)}`,
      );
    }
    return "equal";
  }

  #compareState(table: string, expected: Row[], got: Row[]): void {
    const hidden = this.#hidden[table]!;
    const visible = (rows: Row[]) => rows.filter((row) => !this.#isHidden(table, row));
    const soft = this.subject.softDeletes === true;
    const wanted = canonicalRows(soft ? visible(expected) : [...expected, ...hidden]);
    const there = canonicalRows(soft ? visible(got) : got);
    if (wanted.join("\n") !== there.join("\n")) {
      throw new Mismatch(
        "state",
        `The rows of ${table} differ afterwards\n  wanted (hidden rows untouched):\n` +
          `${indent(wanted)}\n  ${this.#full.name}:\n${indent(there)}`,
      );
    }
    if (!soft) return;
    const left = canonicalRows(got);
    for (const row of canonicalRows(hidden)) {
      const at = left.indexOf(row);
      if (at < 0) {
        throw new Mismatch(
          "hidden rows",
          `A hidden row of ${table} is no longer as it was: ${row}`,
        );
      }
      left.splice(at, 1);
    }
  }

  async #run(
    side: Side,
    query: Query,
    ordered: boolean,
    how: Execute = executeQuery,
  ): Promise<Attempt> {
    try {
      return { rows: canonicalRows(await how(side.target, query, this.#camelCase), ordered) };
    } catch (error) {
      return { error };
    }
  }

  /** Runs a statement that writes, looks at how it changed the tables, and takes it back. */
  async #runAndLook(
    side: Side,
    query: Query,
    execute?: Execute,
  ): Promise<{ result: Attempt; state: Record<string, Row[]> }> {
    await sql`begin`.execute(side.base);
    try {
      const result = await this.#run(side, query, false, execute);
      const state: Record<string, Row[]> = {};
      if (!("error" in result)) {
        for (const { name } of tables) {
          state[name] = await side.base.selectFrom(name).selectAll().execute() as Row[];
        }
      }
      return { result, state };
    } finally {
      await sql`rollback`.execute(side.base);
    }
  }

  /** The data, the statements and what to make of them, for a reader. */
  describe(query: Query): string {
    const sides = [this.#visible, this.#full].map((side) => {
      try {
        const { sql, parameters } = compile(side.target, query, this.#camelCase);
        return `-- ${side.name} (${query.handle}):\n${sql}\n-- ${JSON.stringify(parameters)}`;
      } catch (error) {
        return `-- ${side.name} (${query.handle}): cannot compile: ${text(error)}`;
      }
    });
    return [
      `-- ${this.#dialect.name}, filtered tables: ${filteredNames.join(", ")}`,
      ...inserts(this.#data, (table, row) => this.#isHidden(table, row)),
      ...sides,
      `-- the query: ${JSON.stringify(query)}`,
    ].join("\n");
  }
}

/** Whether the statement writes. */
export function changes(statement: Statement): boolean {
  return statement.k !== "select" || statement.ctes.some((cte) => changes(cte.body));
}

/** Statements that no filter can be put into: refusing them is as sound as anything. */
export function mayBeRefused(
  statement: Statement,
  also: (statement: Statement) => boolean = () => false,
): boolean {
  if (statement.ctes.some((cte) => mayBeRefused(cte.body, also)) || also(statement)) return true;
  return statement.k === "insert" && filteredNames.includes(statement.table.table) &&
    ["replace", "duplicate", "ignore"].includes(statement.conflict?.how ?? "");
}

/** Whether PostgreSQL has failed of itself: `internal_error`. */
function isInternal(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "XX000";
}

function codeOf(error: unknown): string {
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
  // SQLite has one code for all errors in a statement: the words tell them apart, without the names.
  return `${code ?? name} ${message}`.replace(/[\w"`]*[."`]["`.\w]*/g, "#");
}

function text(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function indent(rows: readonly string[]): string {
  return rows.length === 0 ? "    (none)" : rows.map((row) => `    ${row}`).join("\n");
}
