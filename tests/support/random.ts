/**
 * How many random cases the tests run, and from which seed on. It is read from the environment here
 * and nowhere else:
 *
 * - `KYSERA_TEST_SCALE`: `short`, which is the default, or `full`.
 * - `KYSERA_FUZZ_SEED`: draws the same cases again. Without it they are other ones in each process.
 * - `KYSERA_FUZZ_PATH`: leads to one case of the seed, as the message of a failure says.
 * - `KYSERA_FUZZ_RUNS`: how many queries each test runs, whatever the scale.
 * - `KYSERA_FUZZ_SUBJECT`: the one subject that is tested, by its name.
 */
import process from "node:process";

type Scale = "short" | "full";

/** Of how many cases the short form runs one. */
const SHORT = 4;
/** Fewer cases are not worth the database that is opened for them. */
const LEAST = 10;

/** The one subject that is tested; all of them when there is none. */
export const onlySubject: string | undefined = process.env["KYSERA_FUZZ_SUBJECT"];

/**
 * How many cases to run.
 *
 * @param full how many the full form runs
 * @param worth how many queries a case is worth
 */
export function fuzzRuns(full: number, worth = 1): number {
  const queries = process.env["KYSERA_FUZZ_RUNS"];
  return queries === undefined ? scaled(full) : Math.ceil(Number(queries) / worth);
}

/** Where the cases begin: a seed that all tests of a process share, and the path to one case. */
export function fuzzSeed(): { seed: number; path: string | undefined } {
  start ??= announced();
  return start;
}

/** What `fc.assert` is given, so that its cases are as many, and as repeatable, as all others. */
export function fuzzProperty(full: number): { numRuns: number; seed: number } {
  return { numRuns: scaled(full), seed: fuzzSeed().seed };
}

function scaled(full: number): number {
  return scale() === "full" ? full : Math.min(full, Math.max(LEAST, Math.ceil(full / SHORT)));
}

let start: { seed: number; path: string | undefined } | undefined;

/** The runner of the tests looks for this line, and says how to repeat a test that fails. */
function announced(): { seed: number; path: string | undefined } {
  const { KYSERA_FUZZ_SEED, KYSERA_FUZZ_PATH, KYSERA_FUZZ_RUNS } = process.env;
  const seed = Number(KYSERA_FUZZ_SEED ?? Math.floor(Math.random() * 0x7fffffff));
  if (!Number.isSafeInteger(seed)) throw new TypeError("KYSERA_FUZZ_SEED is not an integer");
  const variables = [`KYSERA_FUZZ_SEED=${seed}`];
  if (scale() === "full") variables.push("KYSERA_TEST_SCALE=full");
  if (KYSERA_FUZZ_RUNS !== undefined) variables.push(`KYSERA_FUZZ_RUNS=${KYSERA_FUZZ_RUNS}`);
  console.log(`Random cases: ${variables.join(" ")}`);
  return { seed, path: KYSERA_FUZZ_PATH || undefined };
}

function scale(): Scale {
  const text = process.env["KYSERA_TEST_SCALE"] || "short";
  if (text === "short" || text === "full") return text;
  throw new TypeError(`KYSERA_TEST_SCALE is "short" or "full", not "${text}"`);
}
