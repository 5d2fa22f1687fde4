/**
 * A tour of soft delete: what a program writes, what its database runs, and which rows come back.
 *
 * @module
 */
import { createExecutor, destroyExecutor, ExecutorError } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import type { Kysely } from "kysely";
import { createTables, insertRows, type Library, openLibrary } from "./library.ts";
import type { Result, Screen } from "./screen.ts";
import type { Statement } from "./sql.ts";
import { type CodeStep, type QueryStep, steps } from "./steps.ts";

type DB = Kysely<Library>;

/** What the demo counted. */
export interface Tally {
  readonly steps: number;
  /** Statements that ran for the executor. */
  readonly statements: number;
  /** Queries that bare Kysely and the executor were both given. */
  readonly compared: number;
  /** Those of them that bare Kysely answered otherwise. */
  readonly differences: number;
  readonly refused: number;
}

/** Runs every step on a new in-memory database, and draws it. */
export async function runDemo(screen: Screen): Promise<Tally> {
  const log: Statement[] = [];
  const db = openLibrary(({ query: { sql, parameters } }) => void log.push({ sql, parameters }));
  const tally = { steps: 0, statements: 0, compared: 0, differences: 0, refused: 0 };
  try {
    await createTables(db);
    await insertRows(db);
    screen.text(
      "A lending library on in-memory SQLite. Authors and books have a column deleted_at, loans have " +
        "none. Left is what you write and what bare Kysely gives for it, right is what the database " +
        "runs for the executor and what it gives; + and - mark the differences.",
    );
    const executor = await createExecutor(db, [softDeletePlugin()]);
    for (const step of steps) {
      screen.heading(`${++tally.steps}. ${step.title}`, step.note);
      if ("code" in step) tally.statements += await showCode(step, executor);
      else await compare(step, executor);
    }
    await destroyExecutor(executor);
  } finally {
    await db.destroy();
  }
  return tally;

  async function showCode(step: CodeStep, executor: DB): Promise<number> {
    log.length = 0;
    const rows = await step.act(executor);
    screen.follow(
      { heading: "You write", content: step.code },
      { heading: "The database runs", content: log },
      { heading: "Result", content: rows },
    );
    return log.length;
  }

  async function compare(step: QueryStep, executor: DB): Promise<void> {
    const written = step.query(db).compile();
    const bare = await runOnBare(step, db);
    log.length = 0;
    const guarded = await runOnExecutor(step, executor);
    tally.statements += log.length;
    tally.compared++;
    if (typeof guarded === "string") tally.refused++;
    if (JSON.stringify(bare) !== JSON.stringify(guarded)) tally.differences++;
    screen.compare(
      {
        statements: { heading: "You write", content: [written] },
        result: { heading: `Bare Kysely: ${count(bare)}`, content: bare },
      },
      {
        statements: { heading: "The database runs", content: log },
        result: { heading: `The executor: ${count(guarded)}`, content: guarded },
      },
    );
  }
}

const execute: NonNullable<QueryStep["run"]> = (query) => query.execute();

/** What the query gives without the plugin. What it changes is undone. */
async function runOnBare({ query, run = execute, writes }: QueryStep, db: DB): Promise<object[]> {
  if (!writes) return await run(query(db));
  const trx = await db.startTransaction().execute();
  try {
    return await run(query(trx));
  } finally {
    await trx.rollback().execute();
  }
}

async function runOnExecutor({ query, run = execute }: QueryStep, executor: DB): Promise<Result> {
  try {
    return await run(query(executor));
  } catch (error) {
    if (error instanceof ExecutorError) return `${error.name}: ${error.message}`;
    throw error;
  }
}

function count(result: Result): string {
  if (typeof result === "string") return "refused";
  return result.length === 1 ? "1 row" : `${result.length} rows`;
}
