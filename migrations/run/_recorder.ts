import type { CompiledQuery, QueryResult } from "kysely";
import type { Lexis } from "../sql/_lexis.ts";
import { statementKind } from "../sql/_statement_kind.ts";
import { PlanRecord } from "./_plan_record.ts";
import type { Send, StatementHooks } from "./_session.ts";

/** Notes the statements of migrations that run in a transaction. */
export class Recorder implements StatementHooks {
  readonly #lexis: Lexis;
  /** The statements of the migration that runs now. */
  plan: PlanRecord = new PlanRecord();
  /** The statement of it that failed, from 1 on. */
  failed: { readonly index: number; readonly sql: string } | undefined;
  /** Whether a statement of it may have set something in the session. */
  changesSession = false;
  /** Whether the migration runs, and not the runner, which begins and ends transactions. */
  #isActive = false;

  constructor(lexis: Lexis) {
    this.#lexis = lexis;
  }

  /** Begins with a migration. */
  begin(): void {
    this.plan = new PlanRecord();
    this.failed = undefined;
    this.changesSession = false;
    this.#isActive = true;
  }

  /** Ends with it. */
  end(): void {
    this.#isActive = false;
  }

  streams(query: CompiledQuery): boolean {
    return statementKind(query, this.#lexis) === "read";
  }

  async run(query: CompiledQuery, send: Send): Promise<QueryResult<unknown>> {
    const kind = statementKind(query, this.#lexis);
    if (kind === "session" || /set_config/i.test(query.sql)) this.changesSession = true;
    if (!this.#isActive || kind === "read" || kind === "savepoint") return await send();
    if (kind === "begin" || kind === "commit" || kind === "rollback") throw nested(kind);
    this.plan.add(query);
    const index = this.plan.count;
    try {
      return await send();
    } catch (error) {
      this.failed = { index, sql: query.sql };
      throw error;
    }
  }
}

/** What a migration is told that begins or ends a transaction inside of the runner's. */
export function nested(kind: "begin" | "commit" | "rollback"): Error {
  return new Error(
    `Cannot ${kind} inside of a migration: its transaction is the runner's, so that the ` +
      `migration is recorded with what it does; set transaction: false to go without one`,
  );
}
