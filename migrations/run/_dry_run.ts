import type { CompiledQuery, QueryResult } from "kysely";
import type { MigrationTraits } from "../dialect/_traits.ts";
import type { PlannedMigration, PlannedStatement } from "../results.ts";
import { isSeveral, namesIn, objectsIn, statementKind } from "../sql/_statement_kind.ts";
import { noteBatchRunner, statementOf } from "./_batch_context.ts";
import { nested } from "./_recorder.ts";
import { callMigration } from "./_resolved.ts";
import type { Task } from "./_task.ts";
import type { Session, StatementHooks } from "./_session.ts";

/** Why a plan ends. */
class PlanEnd extends Error {
  static {
    this.prototype.name = "PlanEnd";
  }
}

/** Catalogs, which say something else when a statement of the plan has changed the schema. */
const CATALOG =
  /^(?:information_schema|pg_catalog|sqlite_(?:temp_)?(?:master|schema)|pg_\w+|pragma.*|mysql|show)$/;

/**
 * Finds out what migrations would send. Statements that change something are noted and not sent;
 * reads are sent, each by itself in a transaction that cannot write.
 *
 * @param session the connection
 * @param traits its dialect
 * @param tasks what would run, in order
 * @param isTransactional whether a migration would run in a transaction
 * @returns the plan; it may end before the last task
 */
export async function dryRun(
  session: Session,
  traits: MigrationTraits,
  tasks: readonly Task[],
  isTransactional: (task: Task) => boolean,
): Promise<PlannedMigration[]> {
  const planner = new Planner(session, traits);
  const plan: PlannedMigration[] = [];
  for (const task of tasks) {
    const planned = await planner.plan(task, isTransactional(task));
    plan.push(planned);
    if (planned.endsBecause !== undefined) break;
  }
  return plan;
}

class Planner implements StatementHooks {
  readonly #session: Session;
  readonly #traits: MigrationTraits;
  /** What statements of the plan change, those of the migrations before included. */
  readonly #touched = new Set<string>();
  #changesSchema = false;
  #statements: PlannedStatement[] = [];
  #readsData = false;
  #end: PlanEnd | undefined;
  /** Whether the migration runs in a transaction of the runner. */
  #isInTransaction = false;

  constructor(session: Session, traits: MigrationTraits) {
    this.#session = session;
    this.#traits = traits;
  }

  async plan(task: Task, transaction: boolean): Promise<PlannedMigration> {
    this.#statements = [];
    this.#readsData = false;
    this.#end = undefined;
    const db = this.#session.bind(this);
    let endsBecause: string | undefined;
    try {
      // Begin and commit are not sent.
      if (transaction) {
        const trx = await db.startTransaction().execute();
        this.#isInTransaction = true;
        await callMigration(task.migration, task.operation, trx);
      } else {
        noteBatchRunner(db, (batches) => {
          this.#statements.push(statementOf(batches));
          return Promise.resolve({ rows: 0, total: undefined, rowsPerSecond: 0, timeLeft: 0 });
        });
        await callMigration(task.migration, task.operation, db);
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      endsBecause = `after ${this.#statements.length} statements it fails: ${message}`;
    }
    this.#isInTransaction = false;
    // The migration may have caught it.
    if (this.#end !== undefined) endsBecause = (this.#end as PlanEnd).message;
    return {
      name: task.migration.name,
      operation: task.operation,
      transaction,
      statements: this.#statements,
      readsData: this.#readsData,
      endsBecause,
    };
  }

  streams(): boolean {
    return false;
  }

  driverCall(): boolean {
    return false;
  }

  async run(query: CompiledQuery): Promise<QueryResult<unknown>> {
    if (this.#end !== undefined) throw this.#end;
    const { lexis } = this.#traits;
    const kind = statementKind(query, lexis);
    switch (kind) {
      case "begin":
      case "commit":
      case "rollback":
        // It would fail.
        if (this.#isInTransaction) throw nested(kind);
        return { rows: [] };
      case "savepoint":
        return { rows: [] };
      case "read":
        return await this.#read(query);
    }
    this.#statements.push({ sql: query.sql, parameters: query.parameters });
    if (kind === "session") return { rows: [] };
    this.#changesSchema ||= kind === "schema";
    for (const name of objectsIn(query.sql, lexis)) this.#touched.add(name);
    return { rows: [], numAffectedRows: 0n };
  }

  async #read(query: CompiledQuery): Promise<QueryResult<unknown>> {
    const { lexis } = this.#traits;
    this.#readsData = true;
    const count = this.#statements.length;
    for (const name of namesIn(query.sql, lexis)) {
      if (this.#touched.has(name) || (this.#changesSchema && CATALOG.test(name))) {
        throw this.#endWith(
          `it reads "${name}" after ${count} statements, and what it reads depends on statements of ` +
            `the plan that are not applied yet`,
        );
      }
    }
    if (isSeveral(query.sql, lexis)) {
      throw this.#endWith("it sends several statements as one, of which a later one may write");
    }
    try {
      return await this.#traits.readOnly(
        this.#session.own,
        async (own) =>
          await own.getExecutor().provideConnection((connection) => connection.executeQuery(query)),
      );
    } catch (error) {
      if (this.#traits.isMissingRelation(error) && this.#touched.size > 0) {
        throw this.#endWith(
          `it reads what is not there before statements of the plan are applied: ` +
            (error as Error).message,
        );
      }
      throw error;
    }
  }

  #endWith(message: string): PlanEnd {
    this.#end = new PlanEnd(message);
    return this.#end;
  }
}
