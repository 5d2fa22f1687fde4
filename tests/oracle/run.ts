import fc from "fast-check";
import type { TestDialect } from "../support/matrix.ts";
import type { Query } from "./ast.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { queries } from "./generate.ts";
import { data as anyData } from "./schema.ts";
import type { Data } from "./schema.ts";
import { Mismatch, World } from "./world.ts";
import type { Outcome, Subject } from "./world.ts";

/** Where a query is run on two sides that must agree. */
export interface OracleWorld<Case = Query, Rows = Data> {
  readonly subject: { readonly name: string };
  /** Told of what the side that is believed refuses. */
  onError: ((error: unknown, query: Case) => void) | undefined;
  /** Puts other rows into the databases. */
  load(data: Rows): Promise<void>;
  /** Runs a query on both sides. Throws {@linkcode Mismatch} where they differ. */
  check(query: Case): Promise<Outcome>;
  /** The data, the statements and what to make of them, for a reader. */
  describe(query: Case): string;
  close(): Promise<void>;
}

export interface RunOptions<Case = Query, Rows extends AnyRows = Data> {
  dialect: TestDialect;
  /** What is put to the test against a visible copy. */
  subject?: Subject | undefined;
  /** Makes other sides than those of a visible copy. */
  open?: ((dialect: TestDialect) => Promise<OracleWorld<Case, Rows>>) | undefined;
  /** What is run in place of queries. */
  cases?: fc.Arbitrary<Case> | undefined;
  /** The rows of a batch. */
  data?: fc.Arbitrary<Rows> | undefined;
  /** The test that shows a difference again. Default: the one of soft delete. */
  file?: string | undefined;
  /** Queries to run. */
  runs: number;
  /** The first batch's seed; the next one's is one more. */
  seed: number;
  /** Leads to one query of the first batch, as a failure message tells. */
  path?: string | undefined;
  /** Stops before the runs are done, in ms since the epoch. */
  until?: number | undefined;
  /** How many cases there are on one set of rows: loading costs more than a query. Default 100. */
  batch?: number | undefined;
  /** Whether the smallest case and rows are looked for that show a difference. Default true. */
  shrink?: boolean | undefined;
  /** Rows for a batch, from those of its seed. */
  prepare?: ((data: Rows) => Rows) | undefined;
}

type AnyRows = Readonly<Record<string, readonly object[]>>;

export interface RunReport<Case = Query> {
  runs: number;
  batches: number;
  outcomes: Record<Outcome, number>;
  /** What both sides refused, by message, with how often. */
  errors: Map<string, { times: number; example: Case }>;
}

/** Runs random queries on both sides. Throws {@linkcode OracleFailure} at the first difference. */
export async function runOracle<Case = Query, Rows extends AnyRows = Data>(
  options: RunOptions<Case, Rows>,
): Promise<RunReport<Case>> {
  const { dialect, subject, seed, until = Infinity, batch = 100 } = options;
  const report: RunReport<Case> = {
    runs: 0,
    batches: 0,
    outcomes: { "equal": 0, "failed on both sides": 0, "refused": 0 },
    errors: new Map(),
  };
  // Whoever has cases and rows of another kind opens a world for them.
  const world = await options.open?.(dialect) ??
    await World.open(dialect, subject!) as unknown as OracleWorld<Case, Rows>;
  world.onError = (error, example) => {
    // Generated names differ from query to query.
    const message = String(error).replace(/[a-z_]*\d\w*/g, "#").slice(0, 120);
    const known = report.errors.get(message);
    report.errors.set(message, {
      times: (known?.times ?? 0) + 1,
      example: known?.example ?? example,
    });
  };
  const arbitrary = options.cases ??
    queries(capabilitiesOf(dialect)) as fc.Arbitrary<unknown> as fc.Arbitrary<Case>;
  const anyRows = options.data ?? anyData as fc.Arbitrary<AnyRows> as fc.Arbitrary<Rows>;
  try {
    while (report.runs < options.runs && Date.now() < until) {
      const batchSeed = seed + report.batches;
      const [rows] = fc.sample(anyRows, { seed: batchSeed, numRuns: 1 });
      const data = options.prepare ? options.prepare(rows!) : rows!;
      await world.load(data);
      let sort: string | undefined;
      const details = await fc.check(
        fc.asyncProperty(arbitrary, async (query) => {
          try {
            report.outcomes[await world.check(query)]++;
          } catch (error) {
            if (!(error instanceof Mismatch)) throw error;
            sort ??= error.sort;
            if (error.sort === sort) throw error;
          }
        }),
        {
          seed: batchSeed,
          numRuns: Math.min(batch, options.runs - report.runs),
          ...(options.path === undefined ? {} : { path: options.path }),
          endOnFailure: options.shrink === false,
        },
      );
      if (details.failed) {
        const { counterexample, counterexamplePath, errorInstance } = details;
        if (!counterexample) throw errorInstance;
        throw await failure(world, data, counterexample[0], errorInstance, dialect.name, {
          seed: batchSeed,
          path: counterexamplePath ?? "",
          file: options.file ?? "tests/oracle/oracle_test.ts",
          shrink: options.shrink ?? true,
        });
      }
      report.runs += details.numRuns;
      report.batches++;
      if (options.path !== undefined) break;
    }
  } finally {
    await world.close();
  }
  return report;
}

/** A difference, with the smallest data and query that show it, and how to see it again. */
export class OracleFailure extends Error {
  override readonly name: string = "OracleFailure";
}

async function failure<Case, Rows extends AnyRows>(
  world: OracleWorld<Case, Rows>,
  data: Rows,
  query: Case,
  error: unknown,
  dialect: string,
  replay: { seed: number; path: string; file: string; shrink: boolean },
): Promise<OracleFailure> {
  const smallest = replay.shrink
    ? await shrinkData(world, data, query, error)
    : { data, error: undefined };
  await world.load(smallest.data);
  const reason = smallest.error ?? error;
  return new OracleFailure(
    [
      reason instanceof Error ? reason.message : String(reason),
      world.describe(query),
      `-- see it again: KYSERA_FUZZ_SEED=${replay.seed} KYSERA_FUZZ_PATH=${replay.path} ` +
      `KYSERA_TEST_DIALECTS=${dialect} KYSERA_FUZZ_SUBJECT="${world.subject.name}" ` +
      `deno task test ${replay.file}`,
    ].join("\n"),
    { cause: reason },
  );
}

/** Leaves out every row that the difference does not need. */
async function shrinkData<Case, Rows extends AnyRows>(
  world: OracleWorld<Case, Rows>,
  data: Rows,
  query: Case,
  firstError: unknown,
): Promise<{ data: Rows; error: unknown }> {
  let best = data;
  let bestError: unknown;
  for (const table of Object.keys(data)) {
    for (let i = best[table]!.length - 1; i >= 0; i--) {
      const candidate = { ...best, [table]: best[table]!.toSpliced(i, 1) };
      await world.load(candidate);
      try {
        await world.check(query);
      } catch (error) {
        if (!(error instanceof Mismatch)) throw error;
        if (!(firstError instanceof Mismatch) || error.sort !== firstError.sort) continue;
        best = candidate;
        bestError = error;
      }
    }
  }
  return { data: best, error: bestError };
}

/**
 * Whether a report is of so many cases that a part of them says something: of a few, any part may be of
 * one kind by chance.
 */
export function isTelling(report: { readonly runs: number }): boolean {
  return report.runs >= 100;
}

/** What came of a run, in one line. */
export function summary(
  report: Omit<RunReport<unknown>, "errors"> & {
    errors: ReadonlyMap<string, { times: number }>;
  },
): string {
  const { equal, refused, "failed on both sides": failed } = report.outcomes;
  const errors = [...report.errors].map(([message, { times }]) => `${times}x ${message}`);
  return `${report.runs} queries on ${report.batches} data sets: ${equal} equal, ` +
    `${refused} refused by name, ${failed} that the database refuses` +
    (errors.length > 0 ? ` (${errors.join("; ")})` : "");
}
