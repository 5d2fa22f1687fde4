import { assertKnownOptions } from "@kysera/core";
import type { Dialect } from "kysely";
import type { DriverCall, Fault } from "./fault_plan.ts";
import { FaultRun } from "./_fault_run.ts";

/** One run of a scenario: with one fault, or none. */
export interface Faults {
  /** The fault of this run, or `undefined` in the first one, where all goes well. */
  readonly fault: Fault | undefined;
  /** The call that it struck, once it has. */
  readonly struck: DriverCall | undefined;
  /** A dialect whose calls are struck while {@linkcode Faults.during} runs. */
  wrap(dialect: Dialect): Dialect;
  /**
   * Runs the work that faults are to strike: calls are counted while it runs, not before and after.
   *
   * @param work what is tried
   * @returns how it ended
   * @throws what the work throws where no fault was injected
   * @throws {Error} where the work leaves a connection that it took, or a transaction, open
   */
  during<T>(work: () => Promise<T>): Promise<PromiseSettledResult<T>>;
}

/** Options of {@linkcode forEachFault}. */
export interface ForEachFaultOptions {
  /**
   * The faults that each call is tried with. Default: refused, connection cut before the call, and
   * connection cut after it.
   */
  readonly faults?: readonly Fault[] | undefined;
  /** The most runs, should the scenario make more calls than are worth it. Default 1,000. */
  readonly maxRuns?: number | undefined;
}

const OPTIONS: readonly (keyof ForEachFaultOptions)[] = ["faults", "maxRuns"];

/** What {@linkcode forEachFault} did. */
export interface FaultReport {
  /** How many driver calls the scenario makes where all goes well. */
  readonly calls: number;
  /** How many times the scenario ran. */
  readonly runs: number;
}

const EACH: readonly Fault[] = [
  { how: "fail" },
  { how: "cut" },
  { how: "cut", when: "after" },
];

/**
 * Runs a scenario once as it is, then once for each driver call that it makes and each fault, with
 * that fault at that call: so no place where a database can fail is left untried.
 *
 * A scenario opens databases of its own each time, does its work within
 * {@linkcode Faults.during}, and then looks whether what must hold does.
 *
 * @param scenario what is run; it throws where something is not as it must be
 * @param options see {@linkcode ForEachFaultOptions}
 * @returns how many calls there were, and how many runs
 * @throws what the scenario throws, with the fault and the call in the message
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { forEachFault } from "@kysera/testing";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * interface Database {
 *   accounts: { id: number; balance: number };
 * }
 *
 * const report = await forEachFault(async (faults) => {
 *   const database = new DatabaseSync(":memory:");
 *   database.exec("create table accounts (id integer, balance integer)");
 *   database.exec("insert into accounts values (1, 10), (2, 0)");
 *   const dialect = faults.wrap(nodeSqliteDialect({ database }));
 *   const db = new Kysely<Database>({ dialect });
 *   const move = (id: number, by: number, trx: Kysely<Database>) =>
 *     trx.updateTable("accounts").set((eb) => ({ balance: eb("balance", "+", by) }))
 *       .where("id", "=", id).execute();
 *
 *   await faults.during(() =>
 *     db.transaction().execute(async (trx) => {
 *       await move(1, -10, trx);
 *       await move(2, 10, trx);
 *     })
 *   );
 *
 *   const rows = await db.selectFrom("accounts").select("balance").execute();
 *   assert.equal(rows.reduce((sum, { balance }) => sum + balance, 0), 10);
 *   await db.destroy();
 * });
 * assert.equal(report.runs, 1 + 3 * report.calls);
 * ```
 */
export async function forEachFault(
  scenario: (faults: Faults) => Promise<void>,
  options: ForEachFaultOptions = {},
): Promise<FaultReport> {
  assertKnownOptions(options, OPTIONS, { action: "inject faults", makeError: TypeError });
  const { faults = EACH, maxRuns = 1_000 } = options;
  const first = new FaultRun(undefined, 0);
  await scenario(first);
  const { calls } = first;
  if (calls === 0) {
    throw new Error(
      "Cannot inject faults: the scenario made no driver call; do its work within during(), on a " +
        "dialect that wrap() gave",
    );
  }
  if (1 + calls * faults.length > maxRuns) {
    throw new Error(
      `Cannot inject faults: ${calls} calls with ${faults.length} faults each take more than ` +
        `${maxRuns} runs; make the scenario smaller, or raise maxRuns`,
    );
  }
  let runs = 1;
  for (let number = 1; number <= calls; number++) {
    for (const fault of faults) {
      const run = new FaultRun(fault, number);
      runs++;
      try {
        await scenario(run);
      } catch (error) {
        throw new Error(`The scenario does not hold ${run.describe()}: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
  }
  return { calls, runs };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
