import type { Dialect as DialectName } from "@kysera/core";
import { ConnectionError, DeadlockError, detectDialect, parseDatabaseError } from "@kysera/core";
import { getPlugins, getRawDb, isKyseraExecutor } from "@kysera/executor";
import {
  CompiledQuery,
  type ControlledTransaction,
  type DatabaseConnection,
  type Dialect,
  type IsolationLevel,
  Kysely,
  type KyselyConfig,
  type KyselyPlugin,
  type QueryExecutor,
  type Transaction,
  WithSchemaPlugin,
} from "kysely";
import { SavepointDriver } from "./_savepoint_driver.ts";
import { StatementGate } from "./_statement_gate.ts";
import { TestEscapedError } from "./test_escaped_error.ts";

/** Callbacks of the code under test that wait for the end of the test's transaction. */
export class PendingCallbacks {
  readonly #callbacks: (() => unknown)[] = [];

  get count(): number {
    return this.#callbacks.length;
  }

  afterCommit(callback: () => unknown): void {
    this.#callbacks.push(callback);
  }

  /** The test's transaction is rolled back when the test is over: nobody looks any more. */
  afterRollback(): void {}

  async run(): Promise<void> {
    for (const callback of this.#callbacks.splice(0)) await callback();
  }
}

const BEGINNING = "kysera_test_beginning";

/** By this the functions of `@kysera/dal` know that a transaction takes callbacks. */
const TAKES_CALLBACKS = Symbol.for("kysera.transactionCallbacks");

/** What a `Kysely` is made of, when it is made of another one. */
interface Props {
  readonly config: KyselyConfig;
  readonly driver: SavepointDriver;
  readonly dialect: Dialect;
  readonly executor: QueryExecutor;
  readonly callbacks: PendingCallbacks;
}

/** A transaction whose own transactions are savepoints. */
class SavepointTransaction extends Kysely<any> {
  readonly #props: Props;

  constructor(props: Props) {
    // Kysely makes its own handles this way; the type of the constructor shows the other way only.
    super(props as unknown as KyselyConfig);
    this.#props = props;
  }

  override get isTransaction(): boolean {
    return true;
  }

  get [TAKES_CALLBACKS](): PendingCallbacks {
    return this.#props.callbacks;
  }

  override withPlugin(plugin: KyselyPlugin): Kysely<any> {
    return this.#over(this.#props.executor.withPlugin(plugin));
  }

  override withoutPlugins(): Kysely<any> {
    return this.#over(this.#props.executor.withoutPlugins());
  }

  override withSchema(schema: string): Kysely<any> {
    return this.#over(this.#props.executor.withPluginAtFront(new WithSchemaPlugin(schema)));
  }

  override withTables(): Kysely<any> {
    return this.#over(this.#props.executor);
  }

  // There are none in Kysely 0.28, where nobody calls them.
  override $extendTables(): Kysely<any> {
    return this.withTables();
  }

  override $omitTables(): Kysely<any> {
    return this.withTables();
  }

  override $pickTables(): Kysely<any> {
    return this.withTables();
  }

  #over(executor: QueryExecutor): Kysely<any> {
    return new SavepointTransaction({ ...this.#props, executor });
  }
}

/** A transaction that is always rolled back. */
export interface OpenTest {
  /** The transaction. */
  readonly trx: Transaction<any>;
  /** The same, as a database. */
  readonly db: Kysely<any>;
  /** What waits for its COMMIT, which never comes. */
  readonly callbacks: PendingCallbacks;
  /** Throws where a constraint that waits for COMMIT does not hold. */
  check(): Promise<void>;
  /**
   * Ends it.
   *
   * @param failure what the test ended with, where it failed
   * @throws {TestEscapedError} if the transaction has been ended before
   */
  rollback(failure?: { readonly error: unknown }): Promise<void>;
}

/** Begins one. */
export async function openTest(
  db: Kysely<any>,
  isolationLevel: IsolationLevel | undefined,
): Promise<OpenTest> {
  if (db.isTransaction) {
    throw new TypeError("Cannot run a test in a transaction of a transaction; pass the database");
  }
  const builder = db.startTransaction();
  const outer: ControlledTransaction<any> =
    await (isolationLevel === undefined ? builder : builder.setIsolationLevel(isolationLevel))
      .execute();
  const base = outer.getExecutor();
  // It stays ours until the rollback.
  const connection = await base.provideConnection((held) => Promise.resolve(held));
  const dialect = detectDialect(db);
  const send = async (command: string): Promise<void> => {
    await connection.executeQuery(CompiledQuery.raw(command));
  };
  // It is gone when the transaction is: then the test has escaped.
  if (dialect !== "mssql") await send(`savepoint ${BEGINNING}`);
  const check = () => checkDeferred(connection, dialect);
  const driver = new SavepointDriver(connection, check);
  const own = base.withConnectionProvider({
    provideConnection: (consumer) => consumer(connection),
  });
  const gate = new StatementGate(connection, () => driver.isNested);
  const callbacks = new PendingCallbacks();
  const props: Props = {
    callbacks,
    config: {} as KyselyConfig,
    driver,
    dialect: dialectOf(db, driver),
    executor: dialect === "postgres" ? gate.over(own) : own,
  };
  return {
    // A Kysely that says that it is a transaction is all that its type asks for.
    trx: new SavepointTransaction(props) as unknown as Transaction<any>,
    db: marked(new Kysely<any>(props as unknown as KyselyConfig)),
    callbacks,
    check,
    rollback: async (failure) => {
      const escaped = dialect === "mssql"
        ? undefined
        : await send(`rollback to savepoint ${BEGINNING}`).then(() => undefined, (cause) => ({
          cause,
        }));
      // Kysely 0.28 keeps the connection of a rollback that fails, as SQLite's does outside of one.
      if (escaped !== undefined) await send("begin").catch(() => {});
      try {
        await outer.rollback().execute();
      } catch (error) {
        if (escaped === undefined) throw error;
      }
      if (failure?.error instanceof TestEscapedError) throw failure.error;
      if (escaped === undefined || isEndedBy(failure?.error ?? escaped.cause, dialect)) return;
      throw new TestEscapedError(failure === undefined ? undefined : { cause: failure.error });
    },
  };
}

/** Puts the marker of an executor on a handle of one: it stands for the executor in the test. */
function marked(db: Kysely<any>): Kysely<any> {
  if (!isKyseraExecutor(db)) return db;
  return Object.defineProperties(db, {
    __kysera: { value: true },
    __plugins: { value: getPlugins(db) },
    // That of the test, not the database outside of its transaction.
    __rawDb: { value: getRawDb(db) },
  });
}

/** Whether the database ended the transaction by itself, and says so by this error. */
function isEndedBy(error: unknown, dialect: DialectName): boolean {
  const known = parseDatabaseError(error, dialect);
  return known instanceof ConnectionError || known instanceof DeadlockError;
}

function dialectOf(db: Kysely<any>, driver: SavepointDriver): Dialect {
  const refuse = (): never => {
    throw new Error("Cannot make a query compiler of a test's transaction");
  };
  return {
    createAdapter: () => db.getExecutor().adapter,
    createDriver: () => driver,
    createIntrospector: () => db.introspection,
    createQueryCompiler: refuse,
  };
}

/**
 * Constraints that wait for COMMIT, which a test never comes to. The savepoint puts back which of them
 * wait.
 */
async function checkDeferred(connection: DatabaseConnection, dialect: DialectName): Promise<void> {
  const run = (command: string) => connection.executeQuery<any>(CompiledQuery.raw(command));
  if (dialect === "postgres") {
    await run("savepoint kysera_test_check");
    await run("set constraints all immediate");
    await run("rollback to savepoint kysera_test_check");
    await run("release savepoint kysera_test_check");
  } else if (dialect === "sqlite") {
    const { rows: [setting] } = await run("pragma foreign_keys");
    if (Number(setting?.foreign_keys) !== 1) return;
    const { rows: [orphan] } = await run("pragma foreign_key_check");
    if (orphan !== undefined) {
      throw new Error(
        `FOREIGN KEY constraint failed: a row of "${orphan.table}" has no row in "${orphan.parent}"`,
      );
    }
  }
}
