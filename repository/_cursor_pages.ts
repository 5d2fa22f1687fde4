import { abortable, CursorPlan, type CursorStatements, type PaginatedResult } from "@kysera/core";
import { PlanCache, tryCompilePlan } from "@kysera/dal";
import { inOneRun, type QueryPlan, Slot } from "@kysera/executor";
import {
  CamelCasePlugin,
  type CompiledQuery,
  type Kysely,
  type QueryResult,
  type SelectQueryBuilder,
} from "kysely";
import type { ReadCondition } from "./_condition.ts";
import { holdsJson } from "./_json_text.ts";
import type { OrderItem } from "./_order.ts";
import type { At, Row, Table } from "./_table.ts";
import type { CursorPageOptions } from "./types.ts";

/** What cursors of a query are bound to, compiled. */
interface OrderPlan {
  readonly plan: QueryPlan;
  statements: PlanCache<StatementPlan>;
  cursors: CursorPlan;
}

/** A statement of a page, compiled. */
interface StatementPlan {
  readonly plan: QueryPlan;
  /** What its rows are read by. */
  readonly statements: CursorStatements;
}

/** The compiled queries of the pages of a table, by {@linkcode pageShape}. */
export type PagePlans = PlanCache<OrderPlan>;

const MOST_STATEMENTS = 64;

/** A page that is asked for. */
export interface PageRequest {
  readonly shape: string;
  readonly read: ReadCondition;
  /** The order, to which no two rows are equal. */
  readonly order: readonly OrderItem[];
  readonly options: Pick<CursorPageOptions<any>, "cursor" | "limit" | "security">;
  readonly signal: AbortSignal | undefined;
}

type Walk = ReturnType<CursorPlan["walk"]>;

/** Where a page begins. */
interface Place {
  readonly entry: OrderPlan;
  readonly walk: Walk;
}

/** A statement that was sent. */
interface Sent {
  readonly statements: CursorStatements;
  readonly result: Promise<QueryResult<Row>>;
}

/**
 * Reads a page by statements that are built and compiled once.
 *
 * @returns nothing where the page must be read by statements of its own
 */
export async function readPage(
  table: Table,
  request: PageRequest,
): Promise<PaginatedResult<Row> | undefined> {
  const { signal } = request;
  signal?.throwIfAborted();
  // Built and sent as one run, so that what plugins read of the caller is read once.
  const begun = inOneRun(table.db, (db) => {
    const at = walkOf(table, db, request);
    const sent = at && send(table, db, request, at, 0, at.walk.limit + 1);
    return sent && { at, sent };
  });
  if (begun === undefined) return undefined;
  const { at, sent: { statements } } = begun;
  const { entry, walk } = at;
  const most = walk.limit + 1;
  let rows = statements.inOrder(0, await rowsOf(begun.sent, signal), most);
  for (let part = 1; part < statements.count && rows.length < most; part++) {
    const limit = most - rows.length;
    const next = inOneRun(table.db, (db) => send(table, db, request, at, part, limit));
    if (next === undefined) return undefined;
    rows = [...rows, ...statements.inOrder(part, await rowsOf(next, signal), limit)];
  }
  const page = walk.page(statements, rows);
  if (page === undefined) {
    // From now on, the database writes the values of the order.
    entry.cursors = cursorsOf(table, request.order, false);
    entry.statements = new PlanCache(MOST_STATEMENTS);
  }
  return page;
}

async function rowsOf({ result }: Sent, signal: AbortSignal | undefined): Promise<readonly Row[]> {
  return (await (signal === undefined ? result : abortable(signal, () => result))).rows;
}

/** Reads the cursor that was given, as one of the query that this caller gets. */
function walkOf(table: Table, db: Kysely<any>, request: PageRequest): Place | undefined {
  const { options, read } = request;
  // Where the value of JSON stands, there is an expression around it.
  if (holdsJson(read.values)) return undefined;
  const found = table.pagePlans.bind(
    request.shape,
    (entry) => {
      const compiled = entry.plan.tryBind(db, read.values);
      return compiled && { entry, compiled };
    },
    () => {
      const cursors = cursorsOf(table, request.order, readsRows(db));
      const plan = tryCompilePlan(
        db,
        (db) => cursors.ordered(select(table, db, read, slot)),
        () => cursors.ordered(select(table, db, read, (i) => read.values[i])),
      );
      return plan && { plan, cursors, statements: new PlanCache(MOST_STATEMENTS) };
    },
  );
  if (found === undefined) return undefined;
  const { compiled, entry } = found;
  const walk = entry.cursors.walk(compiled, options);
  return walk.isKnown ? { entry, walk } : undefined;
}

/** Sends a statement of a page. */
function send(
  table: Table,
  db: Kysely<any>,
  request: PageRequest,
  { entry: { statements }, walk }: Place,
  part: number,
  limit: number,
): Sent | undefined {
  const { read } = request;
  const values = [...read.values, ...walk.parameters, limit];
  const build = (db: Kysely<any>, at: At): ReturnType<Walk["statement"]> =>
    walk.statement(
      select(table, db, read, at),
      part,
      (i) => at(read.values.length + i),
      at(values.length - 1),
    );
  const found = statements.bind(
    part === 0 ? walk.shape : `${walk.shape} ${part}`,
    (entry) => {
      const query: CompiledQuery<Row> | undefined = entry.plan.tryBind(db, values);
      return query && { query, entry };
    },
    () => {
      let rowsOf: CursorStatements | undefined;
      const plan = tryCompilePlan(
        db,
        (db) => {
          const built = build(db, slot);
          rowsOf = built.statements;
          return built.query;
        },
        () => build(db, (i) => values[i]).query,
      );
      return plan && {
        plan,
        // It was built at least once; a plan may be compiled again, and has other rows then.
        get statements() {
          return rowsOf!;
        },
      };
    },
  );
  return found && { statements: found.entry.statements, result: db.executeQuery(found.query) };
}

const slot: At = (i) => new Slot(i);

function select(
  table: Table,
  db: Kysely<any>,
  read: ReadCondition,
  at: At,
): SelectQueryBuilder<any, any, any> {
  const query = db.selectFrom(table.name).selectAll();
  return read.shape === "()" ? query : query.where((eb) => table.slots(read, eb, at));
}

function cursorsOf(table: Table, order: readonly OrderItem[], readsRows: boolean): CursorPlan {
  return new CursorPlan({
    dialect: table.dialect,
    orderBy: order,
    types: order.map(({ column }) => table.columns.types?.(column)),
    readsRows,
  });
}

/** Returns true if no plugin of the user changes the values of rows. */
function readsRows(db: Kysely<any>): boolean {
  return db.getExecutor().plugins.every((plugin) => plugin instanceof CamelCasePlugin);
}
