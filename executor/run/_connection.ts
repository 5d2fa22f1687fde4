import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { commits, isRead } from "../tree/_statement.ts";
import { ExecutorError } from "../contract/errors.ts";
import type { Activity } from "./_held.ts";
import { companionsOf, runsBatches, sendWith } from "./_query_batch.ts";
import type { DialectTraits, WriterTraits } from "../dialect/mod.ts";

/** What is told before a statement that may write runs on a connection. */
export interface Section {
  /** A statement that may write is about to be sent. */
  beforeWrite(): Promise<void> | undefined;
  /** A statement has failed. */
  afterFailure(error: unknown): void;
}

/** What was seen of a connection. */
export interface ConnectionState {
  /** Whether a transaction is open, as far as it was seen to begin and end. */
  open: boolean;
  /** How many transactions were seen to begin. */
  begins: number;
  /** How many transactions were seen to end. */
  ends: number;
  /** Why the open transaction may only be rolled back. */
  doom: { readonly reason: unknown } | undefined;
  /** The atomic section that runs on it. */
  section: Section | undefined;
  /** Whether the next transaction begins as a writer, where the dialect has such. */
  asWriter: boolean;
  /** Who is told of what runs on it. */
  activity: Activity | undefined;
}

const STATES: WeakMap<DatabaseConnection, ConnectionState> = new WeakMap();
const WATCHED: WeakMap<DatabaseConnection, DatabaseConnection> = new WeakMap();
/** A watched connection, to the one it watches. */
const UNDER: WeakMap<DatabaseConnection, DatabaseConnection> = new WeakMap();

const BEGIN = /^\s*(?:begin|start\s+transaction)\b/i;
const END = /^\s*(?:commit|end|rollback|abort)\b(?!\s+(?:work\s+|transaction\s+)?to\b)/i;
const ROLLBACK = /^\s*(?:rollback|abort)\b(?!\s+(?:work\s+|transaction\s+)?to\b)/i;

/**
 * A connection that remembers whether a transaction is open on it.
 *
 * It is a Proxy because drivers give their connections methods and private state of their own, and
 * are handed back what we pass on.
 */
export function watch(connection: DatabaseConnection, traits: DialectTraits): DatabaseConnection {
  if (UNDER.has(connection)) return connection;
  const known = WATCHED.get(connection);
  if (known !== undefined) return known;
  const state: ConnectionState = {
    open: false,
    begins: 0,
    ends: 0,
    doom: undefined,
    section: undefined,
    asWriter: false,
    activity: undefined,
  };
  const { begin: beginAsWriter, writer } = traits.transactions;
  STATES.set(connection, state);
  const watchedQuery = async (
    query: CompiledQuery,
    rest: [],
  ): Promise<QueryResult<unknown>> => {
    if (state.doom !== undefined) refuseDoomed(state.doom, query);
    if (state.section !== undefined && !isRead(query.query)) {
      await state.section.beforeWrite();
    }
    state.activity?.begin();
    try {
      const result = writer !== undefined && state.asWriter && isPlainBegin(query, writer)
        ? await beginWriting(connection, query, beginAsWriter, writer)
        : await send(connection, query, rest);
      notice(state, query, traits);
      return result;
    } catch (error) {
      if (traits.transactions.isRolledBackBy(error)) end(state);
      state.section?.afterFailure(error);
      throw error;
    } finally {
      state.activity?.end();
    }
  };
  // Of a read nothing is noticed but its failure: it goes the shortest way.
  const executeQuery = (query: CompiledQuery, ...rest: []): Promise<QueryResult<unknown>> => {
    const { doom, section, activity } = state;
    if (doom !== undefined || section !== undefined || query.query.kind !== "SelectQueryNode") {
      return watchedQuery(query, rest);
    }
    if (!isRead(query.query)) return watchedQuery(query, rest);
    activity?.begin();
    let running: Promise<QueryResult<unknown>>;
    try {
      running = connection.executeQuery(query, ...rest);
    } catch (error) {
      running = Promise.reject(error);
    }
    return running.then((result) => {
      activity?.end();
      return result;
    }, (error) => {
      activity?.end();
      if (traits.transactions.isRolledBackBy(error)) end(state);
      state.section?.afterFailure(error);
      throw error;
    });
  };
  const watched = new Proxy(connection, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (key === "executeQuery") return executeQuery;
      if (
        key === "beginTransaction" || key === "commitTransaction" || key === "rollbackTransaction"
      ) {
        return async (...args: unknown[]): Promise<unknown> => {
          const savepoint = key === "rollbackTransaction" && args.length > 0;
          if (state.doom !== undefined && key === "commitTransaction") throw doomed(state.doom);
          const result: unknown = await value.apply(target, args);
          if (savepoint) return result;
          if (key === "beginTransaction") begin(state);
          else end(state);
          return result;
        };
      }
      return value.bind(target);
    },
  });
  WATCHED.set(connection, watched);
  UNDER.set(watched, connection);
  return watched;
}

/** Sends a query, in a batch with what hooks have added around it. */
function send(
  connection: DatabaseConnection,
  query: CompiledQuery,
  rest: [],
): Promise<QueryResult<unknown>> {
  const companions = companionsOf(query);
  return companions === undefined || !runsBatches(connection)
    ? connection.executeQuery(query, ...rest)
    : sendWith(connection, query, companions);
}

/** Lets a connection that is another way to use a watched one count as watched itself. */
export function standFor(other: DatabaseConnection, watched: DatabaseConnection): void {
  const connection = UNDER.get(watched);
  if (connection !== undefined) UNDER.set(other, connection);
}

/** What was seen of a connection that {@linkcode watch} gave. */
export function stateOf(connection: DatabaseConnection): ConnectionState {
  return STATES.get(under(connection))!;
}

/** The connection that a watched one watches. */
export function under(watched: DatabaseConnection): DatabaseConnection {
  return UNDER.get(watched) ?? watched;
}

function isPlainBegin({ query, sql }: CompiledQuery, { plainBegin }: WriterTraits): boolean {
  return query.kind === "RawNode" && plainBegin.test(sql);
}

/** Begins a transaction as a writer, unless nobody writes to the database at all. */
async function beginWriting(
  connection: DatabaseConnection,
  plain: CompiledQuery,
  begin: CompiledQuery,
  { isReadOnly }: WriterTraits,
): Promise<QueryResult<unknown>> {
  try {
    return await connection.executeQuery(begin);
  } catch (error) {
    if (!isReadOnly(error)) throw error;
    return await connection.executeQuery(plain);
  }
}

function notice(state: ConnectionState, query: CompiledQuery, traits: DialectTraits): void {
  if (commits(query, traits)) end(state);
  if (query.query.kind !== "RawNode") return;
  if (BEGIN.test(query.sql)) begin(state);
  else if (END.test(query.sql)) end(state);
}

function begin(state: ConnectionState): void {
  state.open = true;
  state.begins++;
}

function end(state: ConnectionState): void {
  state.open = false;
  state.ends++;
  state.doom = undefined;
}

function refuseDoomed(doom: NonNullable<ConnectionState["doom"]>, query: CompiledQuery): void {
  if (query.query.kind !== "RawNode" || !ROLLBACK.test(query.sql)) throw doomed(doom);
}

function doomed({ reason }: NonNullable<ConnectionState["doom"]>): ExecutorError {
  return new ExecutorError(
    "Cannot go on with the transaction: a plugin failed after a write, and what was written could " +
      "not be undone alone; roll the transaction back",
    "TRANSACTION_DOOMED",
    { cause: reason },
  );
}
