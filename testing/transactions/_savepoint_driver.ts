import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryCompiler,
  type RootOperationNode,
  sql,
} from "kysely";

type Compile = QueryCompiler["compileQuery"];

/** How long a transaction waits for another one on the same connection, in milliseconds. */
const MOST_WAIT = 5_000;

/**
 * A driver whose transactions are savepoints of the one transaction that a test runs in.
 *
 * Savepoints are a stack, so transactions that would run side by side on a pool wait for each other.
 */
export class SavepointDriver implements Driver {
  readonly #connection: DatabaseConnection;
  readonly #beforeCommit: () => Promise<void>;
  readonly #open: string[] = [];
  #count = 0;
  #queue: Promise<void> = Promise.resolve();
  #leave: (() => void) | undefined;

  /**
   * @param connection the connection of the test's transaction
   * @param beforeCommit what a COMMIT would look at before it is one
   */
  constructor(connection: DatabaseConnection, beforeCommit: () => Promise<void>) {
    this.#connection = connection;
    this.#beforeCommit = beforeCommit;
  }

  /** Whether a transaction of the code under test is open. */
  get isNested(): boolean {
    return this.#open.length > 0;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(this.#connection);
  }

  releaseConnection(): Promise<void> {
    return Promise.resolve();
  }

  async beginTransaction(): Promise<void> {
    await this.#enter();
    const name = `kysera_test_${++this.#count}`;
    try {
      await this.#run(`savepoint ${name}`);
    } catch (error) {
      this.#leave!();
      throw error;
    }
    this.#open.push(name);
  }

  async commitTransaction(): Promise<void> {
    await this.#beforeCommit();
    await this.#run(`release savepoint ${this.#open.at(-1)}`);
    this.#end();
  }

  async rollbackTransaction(): Promise<void> {
    try {
      await this.#run(`rollback to savepoint ${this.#open.at(-1)}`);
      await this.#run(`release savepoint ${this.#open.at(-1)}`);
    } finally {
      this.#end();
    }
  }

  savepoint(_: DatabaseConnection, name: string, compile: Compile): Promise<void> {
    return this.#command(sql`savepoint ${sql.id(name)}`, compile);
  }

  rollbackToSavepoint(_: DatabaseConnection, name: string, compile: Compile): Promise<void> {
    return this.#command(sql`rollback to savepoint ${sql.id(name)}`, compile);
  }

  releaseSavepoint(_: DatabaseConnection, name: string, compile: Compile): Promise<void> {
    return this.#command(sql`release savepoint ${sql.id(name)}`, compile);
  }

  destroy(): Promise<void> {
    return Promise.reject(
      new Error(
        "Cannot destroy the database within a test's transaction; destroy the one it is of",
      ),
    );
  }

  async #command(
    command: { toOperationNode(): RootOperationNode },
    compile: Compile,
  ): Promise<void> {
    const compiled = compile(command.toOperationNode(), CompiledQuery.raw("").queryId);
    await this.#connection.executeQuery(compiled);
  }

  async #run(command: string): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw(command));
  }

  async #enter(): Promise<void> {
    const before = this.#queue;
    let leave!: () => void;
    const own = new Promise<void>((resolve) => leave = resolve);
    this.#queue = before.then(() => own);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        leave();
        reject(
          new Error(
            "Cannot begin a transaction in a test's transaction: another one has been open for " +
              `${MOST_WAIT} ms; a transaction that is begun inside another one must be begun on ` +
              "that one",
          ),
        );
      }, MOST_WAIT);
    });
    try {
      await Promise.race([before, tooLong]);
    } finally {
      clearTimeout(timer);
    }
    this.#leave = leave;
  }

  #end(): void {
    this.#open.pop();
    this.#leave?.();
  }
}
