import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from "kysely";
import type { DriverCall, DriverCallKind, Fault, FaultPlan } from "./fault_plan.ts";
import { InjectedFaultError } from "./injected_fault_error.ts";

/** What Kysely's versions pass behind the arguments: options for aborting, or nothing. */
type Rest = [];
type Savepoint = [name: string, compileQuery: QueryCompiler["compileQuery"]];

const CONTROLS: readonly (readonly [RegExp, DriverCallKind])[] = [
  [/^\s*(?:begin|start\s+transaction)\b/i, "begin"],
  [/^\s*commit\b/i, "commit"],
  [/^\s*rollback\s+(?:work\s+|transaction\s+)?to\b/i, "rollbackToSavepoint"],
  [/^\s*rollback\b/i, "rollback"],
  [/^\s*savepoint\b/i, "savepoint"],
  [/^\s*release\b/i, "releaseSavepoint"],
];

/** A driver round another one: counts the calls, and lets faults strike. */
export class FaultyDriver implements Driver {
  readonly #inner: Driver;
  readonly #plan: FaultPlan;
  readonly #strikesAcquire: boolean;
  #calls = 0;
  #held = 0;
  #leftOpen = 0;
  readonly savepoint?: (connection: DatabaseConnection, ...rest: Savepoint) => Promise<void>;
  readonly rollbackToSavepoint?: typeof this.savepoint;
  readonly releaseSavepoint?: typeof this.savepoint;

  /**
   * @param inner the real driver
   * @param plan says which calls are struck
   * @param strikesAcquire whether taking a connection is one of them
   */
  constructor(inner: Driver, plan: FaultPlan, strikesAcquire: boolean) {
    this.#inner = inner;
    this.#plan = plan;
    this.#strikesAcquire = strikesAcquire;
    // Kysely asks whether a driver has savepoints by whether it has these.
    for (const kind of ["savepoint", "rollbackToSavepoint", "releaseSavepoint"] as const) {
      if (inner[kind] === undefined) continue;
      this[kind] = (connection, ...rest) => {
        const faulty = asFaulty(connection);
        return faulty.strike(kind, undefined, () => inner[kind]!(faulty.inner, ...rest));
      };
    }
  }

  /** Connections that were taken and not given back. */
  get held(): number {
    return this.#held;
  }

  /** Connections that were given back in the middle of a transaction. */
  get leftOpen(): number {
    return this.#leftOpen;
  }

  init(...rest: Rest): Promise<void> {
    return this.#inner.init(...rest);
  }

  async acquireConnection(...rest: Rest): Promise<DatabaseConnection> {
    const fault = this.#strikesAcquire ? this.#next("acquire", undefined) : undefined;
    await before(fault);
    const connection = await this.#inner.acquireConnection(...rest);
    if (fault?.fault.when === "after" && fault.fault.how !== "delay") {
      await this.#inner.releaseConnection(connection);
      throw errorOf(fault);
    }
    this.#held++;
    return new FaultyConnection(connection, (kind, sql) => this.#next(kind, sql));
  }

  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const faulty = asFaulty(connection);
    return faulty.strike(
      "begin",
      undefined,
      () => this.#inner.beginTransaction(faulty.inner, settings),
    );
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    const faulty = asFaulty(connection);
    return faulty.strike(
      "commit",
      undefined,
      () => this.#inner.commitTransaction(faulty.inner),
      () => this.#inner.rollbackTransaction(faulty.inner),
    );
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const faulty = asFaulty(connection);
    const rollback = () => this.#inner.rollbackTransaction(faulty.inner);
    return faulty.strike("rollback", undefined, rollback, rollback);
  }

  async releaseConnection(connection: DatabaseConnection, ...rest: Rest): Promise<void> {
    const faulty = asFaulty(connection);
    this.#held--;
    if (faulty.inTransaction) {
      // A server rolls back what a lost connection leaves.
      if (faulty.isCut) await this.#inner.rollbackTransaction(faulty.inner);
      else this.#leftOpen++;
    }
    await this.#inner.releaseConnection(faulty.inner, ...rest);
  }

  destroy(...rest: Rest): Promise<void> {
    return this.#inner.destroy(...rest);
  }

  #next(kind: DriverCallKind, sql: string | undefined): Struck | undefined {
    const call: DriverCall = { number: ++this.#calls, kind, sql };
    const fault = this.#plan(call);
    return fault === undefined ? undefined : { fault, call };
  }
}

interface Struck {
  readonly fault: Fault;
  readonly call: DriverCall;
}

type Next = (kind: DriverCallKind, sql: string | undefined) => Struck | undefined;

/** A connection that can be cut. */
class FaultyConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;
  inTransaction = false;
  isCut = false;
  #cutBy: unknown;
  readonly #next: Next;

  constructor(inner: DatabaseConnection, next: Next) {
    this.inner = inner;
    this.#next = next;
    // How a query is aborted: no call of the scenario, and there in some drivers only.
    for (const key of ["cancelQuery", "killSession", "collectSessionInfo"] as const) {
      const method: unknown = Reflect.get(inner, key);
      if (typeof method === "function") {
        Object.defineProperty(this, key, { value: method.bind(inner) });
      }
    }
  }

  executeQuery<R>(query: CompiledQuery, ...rest: Rest): Promise<QueryResult<R>> {
    const kind = query.query.kind === "RawNode"
      ? CONTROLS.find(([pattern]) => pattern.test(query.sql))?.[1] ?? "query"
      : "query";
    return this.strike(
      kind,
      query.sql,
      () => this.inner.executeQuery<R>(query, ...rest),
      kind === "commit" || kind === "rollback"
        ? () => this.inner.executeQuery(CompiledQuery.raw("rollback"))
        : undefined,
    );
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number,
    ...rest: Rest
  ): AsyncIterableIterator<QueryResult<R>> {
    const struck = this.#open("stream", query.sql);
    await before(struck, this);
    yield* this.inner.streamQuery<R>(query, chunkSize, ...rest);
    this.#after(struck);
  }

  /** Does a call, with what is to happen to it; `undo` takes its place where it is refused. */
  async strike<T>(
    kind: DriverCallKind,
    sql: string | undefined,
    call: () => Promise<T>,
    undo?: () => Promise<unknown>,
  ): Promise<T> {
    const struck = this.#open(kind, sql);
    try {
      await before(struck, this);
    } catch (error) {
      if (undo !== undefined && !this.isCut) {
        await undo();
        this.inTransaction = false;
      } else if (kind === "query" && !this.isCut && this.inTransaction) {
        // So that the database is in the state that it is in after a statement that failed.
        await this.inner.executeQuery(CompiledQuery.raw("a fault, on purpose")).catch(() => {});
      }
      throw error;
    }
    const result = await call();
    if (kind === "begin") this.inTransaction = true;
    if (kind === "commit" || kind === "rollback") this.inTransaction = false;
    this.#after(struck);
    return result;
  }

  /** The connection is gone. */
  cut(by: unknown): void {
    this.isCut = true;
    this.#cutBy = by;
  }

  #open(kind: DriverCallKind, sql: string | undefined): Struck | undefined {
    if (this.isCut) throw this.#cutBy;
    return this.#next(kind, sql);
  }

  #after(struck: Struck | undefined): void {
    if (struck === undefined || struck.fault.when !== "after" || struck.fault.how === "delay") {
      return;
    }
    const error = errorOf(struck);
    if (struck.fault.how === "cut") this.cut(error);
    throw error;
  }
}

async function before(struck: Struck | undefined, connection?: FaultyConnection): Promise<void> {
  if (struck === undefined) return;
  const { how, when = "before", ms = 10 } = struck.fault;
  if (how === "delay") await new Promise((resolve) => setTimeout(resolve, ms));
  else if (when === "before") {
    const error = errorOf(struck);
    if (how === "cut") connection?.cut(error);
    throw error;
  }
}

function errorOf({ fault, call }: Struck): unknown {
  return fault.error ?? new InjectedFaultError(fault.how === "cut" ? "cut" : "fail", call);
}

function asFaulty(connection: DatabaseConnection): FaultyConnection {
  if (connection instanceof FaultyConnection) return connection;
  throw new TypeError(
    "Cannot use a connection that the faulty driver did not give; pass on the one it gave",
  );
}
