import { type Compilable, type SelectQueryBuilder, ValueNode } from "kysely";
import type { Dialect } from "../dialect.ts";
import { arrange, type Arranged, layOutFor, orderingOf, withOrder } from "./_arrange.ts";
import { CursorCodec } from "./_cursor.ts";
import { isInclusive, pageOf, positionOf, type Walk } from "./_ends.ts";
import { fingerprintOf, fingerprintWith } from "./_fingerprint.ts";
import type { Ordering } from "./_key.ts";
import { bounded, defaultLimit, maxLimit } from "./_options.ts";
import { type PageStatements, statementsOf } from "./_page.ts";
import { replace } from "./_query.ts";
import { isColumnOfResult } from "./_result_column.ts";
import { mysqlTypesOf } from "./_types_mysql.ts";
import type { CursorValue, KeyType } from "./_values.ts";
import { postgresColumn } from "./_values_postgres.ts";
import { sqliteValues } from "./_values_sqlite.ts";
import type { CursorSecurity } from "./cursor_security.ts";
import type { CursorOrderBy } from "./paginate_cursor.ts";
import type { PaginatedResult } from "./paginated_result.ts";

/** What the pages of a query have in common. */
export interface CursorPlanOptions {
  /** The database's family of SQL. */
  readonly dialect: Dialect;
  /** The order, by columns; no two rows are equal in all of them. */
  readonly orderBy: readonly (CursorOrderBy<any, any, any> & { readonly column: string })[];
  /** The types of these columns, as the database's catalog writes them, where they are known. */
  readonly types?: readonly (string | undefined)[];
  /**
   * Whether rows come as the driver read them: then a page needs no copy of the values that it is
   * ordered by, where the driver reads them without loss.
   */
  readonly readsRows: boolean;
}

/** Which page is asked for. */
export interface CursorPlace {
  /** A cursor of another page; the empty text is none. */
  readonly cursor?: string | null | undefined;
  /** The most rows of the page, between 1 and 10,000; 20 by default. */
  readonly limit?: number | undefined;
  /** Signs cursors. */
  readonly security?: CursorSecurity | undefined;
}

/** A statement of a page. */
export interface CursorStatement {
  /** The query to compile. */
  readonly query: Compilable<any>;
  /** What the rows of the page are read by. */
  readonly statements: CursorStatements;
}

/** The statements of a page, which run one after the other until there are rows enough. */
export interface CursorStatements {
  /** How many there are. */
  readonly count: number;
  /**
   * Returns the rows of one statement that are of the page, in order.
   *
   * @param part which statement, from 0
   * @param rows what it gave
   * @param limit how many rows were still to be read
   */
  inOrder(
    part: number,
    rows: readonly Record<string, unknown>[],
    limit: number,
  ): readonly Record<string, unknown>[];
}

/**
 * The pages of a query of one shape, for libraries that keep compiled queries: {@linkcode
 * paginateCursor} builds and compiles its statements each time, and is otherwise the same. Cursors of
 * the one are taken by the other.
 */
export class CursorPlan {
  readonly #options: CursorPlanOptions;
  readonly #orderings: readonly Ordering[];
  /** The beginning of the fingerprint, for the last SQL. */
  #known: { readonly sql: string; readonly text: string } | undefined;

  /**
   * Prepares the pages of a query.
   *
   * @param options the order, and what is known of it
   *
   * @example
   * ```ts
   * import { CursorPlan } from "@kysera/core";
   * import { DatabaseSync } from "node:sqlite";
   * import { Kysely } from "kysely";
   * import { nodeSqliteDialect } from "@kysera/dialects";
   * import { deepEqual } from "node:assert/strict";
   *
   * const database = new DatabaseSync(":memory:");
   * database.exec("create table posts (id integer primary key); insert into posts values (1), (2)");
   * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
   * const plan = new CursorPlan({
   *   dialect: "sqlite",
   *   orderBy: [{ column: "id", nullable: false }],
   *   readsRows: true,
   * });
   * const query = db.selectFrom("posts").selectAll();
   * const walk = plan.walk(plan.ordered(query).compile(), { limit: 1 });
   * const { query: statement, statements } = walk.statement(query, 0, (i) => walk.parameters[i], 2);
   * const { rows } = await db.executeQuery<any>(statement.compile());
   * deepEqual(walk.page(statements, statements.inOrder(0, rows, 2))?.data, [{ id: 1 }]);
   * await db.destroy();
   * ```
   */
  constructor(options: CursorPlanOptions) {
    this.#options = options;
    const { dialect, orderBy } = options;
    this.#orderings = orderBy.map((_, index) =>
      orderingOf(index, orderBy, { dialect, hasIds: false })
    );
  }

  /**
   * Returns a query with its order: what it is compiled to is what cursors are bound to.
   *
   * @param query the query, without an order
   */
  ordered(query: SelectQueryBuilder<any, any, any>): SelectQueryBuilder<any, any, any> {
    return withOrder(query, this.#options.orderBy, []);
  }

  /**
   * Begins at a page.
   *
   * @param compiled what {@linkcode CursorPlan.ordered} was compiled to, with the values of this call
   * @param place which page
   * @throws {BadRequestError} if the cursor is refused, or an option is wrong
   */
  walk(
    { sql, parameters }: { readonly sql: string; readonly parameters: readonly unknown[] },
    { cursor, limit, security }: CursorPlace,
  ): CursorWalk {
    if (this.#known?.sql !== sql) this.#known = { sql, text: fingerprintOf(sql, this.#orderings) };
    const bounds = { least: 1, most: maxLimit, initial: defaultLimit };
    const codec = new CursorCodec(
      fingerprintWith(this.#known.text, parameters),
      this.#orderings.length,
      security,
    );
    const position = positionOf(codec, cursor);
    return new CursorWalk(this.#options, {
      codec,
      position,
      forward: (position?.direction ?? "forward") === "forward",
      limit: bounded(limit, "limit", bounds, "paginate by cursor"),
    });
  }
}

/** A page of a {@linkcode CursorPlan}. */
export class CursorWalk {
  /** What the SQL of the page's statements depends on, besides the query and its order. */
  readonly shape: string;
  /** The values that the page goes on from. */
  readonly parameters: readonly unknown[];
  /** The most rows of the page. */
  readonly limit: number;
  /** Whether the types of the order are known; where they are not, only paginateCursor finds them. */
  readonly isKnown: boolean;
  readonly #options: CursorPlanOptions;
  readonly #walk: Walk;
  readonly #types: readonly KeyType[];
  readonly #forms: readonly (string | undefined)[] | undefined;

  /** Made by {@linkcode CursorPlan.walk}. */
  constructor(options: CursorPlanOptions, walk: Walk) {
    this.#options = options;
    this.#walk = walk;
    const { forward, limit, position } = walk;
    const types = typesOf(options, position?.values);
    this.isKnown = types !== undefined;
    this.#types = types ?? [];
    this.limit = limit;
    if (position === undefined || types === undefined) {
      this.shape = forward ? "first" : "last";
      this.parameters = [];
      return;
    }
    const parameters: unknown[] = [];
    const shapes: string[] = [];
    this.#forms = position.values.map((value, index) => {
      const [kind, text] = value ?? ["", null];
      if (text === null) {
        shapes.push(`null ${kind}`);
        return undefined;
      }
      const kept = [kind, text] as const;
      const type = types[index]!;
      parameters.push(type.parameter(kept));
      const form = type.form(kept);
      shapes.push(form);
      return form;
    });
    this.parameters = parameters;
    this.shape = `${position.side} ${position.direction} ${shapes.join()}`;
  }

  /**
   * Returns a statement of the page.
   *
   * @param query the query, without an order
   * @param part which statement, from 0
   * @param at returns what stands for a value of {@linkcode CursorWalk.parameters}
   * @param limit what stands for the number of rows that are still to be read: one more than the page
   * has, less those that were read before
   */
  statement(
    query: SelectQueryBuilder<any, any, any>,
    part: number,
    at: (index: number) => unknown,
    limit: unknown,
  ): CursorStatement {
    const { dialect, orderBy } = this.#options;
    const { forward, position } = this.#walk;
    const arranged = arrange(query, orderBy, [], dialect);
    let parameter = 0;
    const from = this.#forms?.map((form, index) =>
      form === undefined
        ? undefined
        : this.#types[index]!.operand(form, ValueNode.create(at(parameter++)))
    );
    const statements = statementsOf({
      ...layOutFor(arranged, this.#types, forward),
      dialect,
      types: this.#types,
      from,
      inclusive: isInclusive(position, forward),
      columns: this.#columnsOf(arranged),
    });
    const { ordered, inspected } = arranged;
    return {
      query: replace(ordered, inspected, statements.statement(part, limit)),
      statements,
    };
  }

  /** The columns of the result that have the values of keys as the driver read them. */
  #columnsOf({ plain, split }: Arranged): (string | undefined)[] {
    const { orderBy, readsRows } = this.#options;
    return plain.keys.map((key, index) =>
      readsRows && plain.inParts && this.#types[index]!.direct !== undefined &&
        isColumnOfResult(key, split)
        ? orderBy[index]!.column
        : undefined
    );
  }

  /**
   * Returns the page.
   *
   * @param statements what {@linkcode CursorWalk.statement} gave beside the query
   * @param rows the rows of the statements that were run, each {@linkcode CursorStatements.inOrder}
   * @returns nothing where a value of the order may have lost something in the driver:
   * `paginateCursor` reads the page then
   */
  page(
    statements: CursorStatements,
    rows: readonly Record<string, unknown>[],
  ): PaginatedResult<Record<string, unknown>> | undefined {
    // Only statement() makes them.
    const page = pageOf(this.#walk, (statements as PageStatements).read(rows));
    return page && { data: page.data, pagination: { limit: this.limit, ...page.ends } };
  }
}

/** The types of keys, as far as they are known without asking the database. */
function typesOf(
  { dialect, orderBy, types = [] }: CursorPlanOptions,
  values: readonly CursorValue[] | undefined,
): readonly KeyType[] | undefined {
  switch (dialect) {
    case "postgres":
      return orderBy.map((_, index) => postgresColumn(types[index]));
    case "sqlite":
      return orderBy.map(() => sqliteValues);
    case "mysql":
      return values && mysqlTypesOf(values);
    case "mssql":
      return undefined;
  }
}
