/**
 * Runs the oracles of `tests/oracle` and `tests/rls` for as long as it is told to.
 *
 *   deno task fuzz --seconds 600 [--dialect sqlite] [--oracle repositories] [--subject "soft delete"]
 *     [--seed 1]
 *
 * Without a dialect it goes round all that can run; without an oracle or a subject it goes round all
 * of them. PostgreSQL and MySQL are reached as the tests reach them (`eval "$(deno task db:start)"`).
 * The first differences of each dialect and subject are printed with their data, their SQL and how to
 * see them again; the exit status is 1 if there was one.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { oracles as hiding } from "../tests/oracle/oracles.ts";
import { OracleFailure } from "../tests/oracle/run.ts";
import { policyOracles } from "../tests/rls/oracle_list.ts";
import { matrix } from "../tests/support/matrix.ts";

const oracles = [...hiding, ...policyOracles];

const usage =
  `Usage: deno task fuzz --seconds N [--dialect NAME] [--oracle NAME] [--subject NAME] [--seed N]
  dialects: ${matrix.map(({ name, skip }) => skip ? `${name} (${skip})` : name).join(", ")}
  oracles: ${[...new Set(oracles.map(({ name }) => name))].join(", ")}
  subjects: ${[...new Set(oracles.map(({ subject }) => subject))].join(", ")}`;

/** Cases in one go at a dialect and a subject, so that no pair waits for long. */
const runs = 300;

await main();

async function main(): Promise<void> {
  const { seconds, dialects, chosen, seed } = options();
  const end = Date.now() + seconds * 1000;
  const failures = new Map<string, number>();
  let cases = 0;
  let refused = 0;
  let next = seed;
  for (let round = 0; Date.now() < end; round++) {
    const dialect = dialects[round % dialects.length]!;
    const oracle = chosen[Math.floor(round / dialects.length) % chosen.length]!;
    if (oracle.dialects?.includes(dialect.name) === false) continue;
    try {
      const report = await oracle.run({ dialect, runs, seed: next, until: end });
      cases += report.runs;
      refused += report.outcomes.refused;
    } catch (error) {
      if (!(error instanceof OracleFailure)) throw error;
      const pair = `${dialect.name}, ${oracle.name}, ${oracle.subject}`;
      const count = (failures.get(pair) ?? 0) + 1;
      failures.set(pair, count);
      if (count <= 3) console.log(`\n${error.message}\n`);
    }
    // A batch takes a seed of its own, and has ten cases at least.
    next += runs / 10;
  }
  console.log(`${cases} cases from seed ${seed}: ${refused} refused by name`);
  for (const [pair, count] of failures) console.log(`${count} differences: ${pair}`);
  if (failures.size > 0) process.exitCode = 1;
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: "string" },
        dialect: { type: "string" },
        oracle: { type: "string" },
        subject: { type: "string" },
        seed: { type: "string" },
      },
    });
    const seconds = Number(values.seconds);
    const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
    const dialects = matrix.filter(({ name, skip }) =>
      values.dialect === undefined ? skip === undefined : name === values.dialect
    );
    const chosen = oracles.filter(({ name, subject }) =>
      (values.oracle === undefined || name === values.oracle) &&
      (values.subject === undefined || subject === values.subject)
    );
    if (!(seconds > 0)) throw new TypeError("Cannot run: --seconds is not a positive number");
    if (!Number.isSafeInteger(seed)) throw new TypeError("Cannot run: --seed is not an integer");
    if (dialects.length === 0) throw new TypeError("Cannot run: there is no such dialect");
    if (chosen.length === 0) throw new TypeError("Cannot run: there is no such oracle or subject");
    const { skip, name } = dialects[0]!;
    if (skip !== undefined) throw new TypeError(`Cannot run on ${name}: ${skip}`);
    return { seconds, seed, dialects, chosen };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exit(2);
  }
}
