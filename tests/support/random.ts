/**
 * How many random cases the tests run, and from which seed on. It is read from the environment here
 * and nowhere else:
 *
 * - `KYSERA_TEST_SCALE`: `full`, `short`, which is the default, or `brief`, for a runtime beside others
 *   that run more.
 * - `KYSERA_FUZZ_SEED`: draws the same cases again. Without it they are other ones in each process.
 * - `KYSERA_FUZZ_PATH`: leads to one case of the seed, as the message of a failure says.
 * - `KYSERA_FUZZ_RUNS`: how many queries each test runs, whatever the scale.
 * - `KYSERA_TEST_ITEM`: the file that runs, as the runner of the tests calls it.
 * - `KYSERA_FUZZ_SUBJECT`: the one subject that is tested, by its name.
 */
import process from "node:process";

/** Of how many cases each form runs one. */
const SCALES: Readonly<Record<string, number>> = { full: 1, short: 8, brief: 16 };
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

/** Whether all cases run. */
export function runsAll(): boolean {
  return scale() === 1;
}

/**
 * Draws the cases that run of a list too long for the short forms. Others run with another seed.
 *
 * @param cases all there are
 */
export function fuzzPart<T>(cases: Iterable<T>): Iterable<T> {
  const every = scale();
  return every === 1 ? cases : eachOf(cases, every, fuzzSeed().seed % every);
}

/**
 * Whether a file is among those that do what not every file has to do, by the variable
 * `KYSERA_TEST_ITEM` of the runner of the tests. Where that says nothing, it is.
 *
 * @param every of how many files one is drawn
 * @param which which of them: those of one number are never those of another
 */
export function isFileDrawn(every: number, which = 0): boolean {
  const file = process.env["KYSERA_TEST_ITEM"];
  if (!file || runsAll()) return true;
  return isDrawn(file, Number(process.env["KYSERA_FUZZ_SEED"] ?? 0), every, which);
}

/** Whether a name is among those that a seed draws: one of so many. */
export function isDrawn(name: string, seed: number, every: number, which = 0): boolean {
  // FNV-1a, and the end of MurmurHash3: seeds and names that are alike draw different things.
  let hash = seed | 0;
  for (const letter of name) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % every === which;
}

function* eachOf<T>(cases: Iterable<T>, every: number, first: number): Iterable<T> {
  let i = 0;
  for (const each of cases) if (i++ % every === first) yield each;
}

function scaled(full: number): number {
  return Math.min(full, Math.max(LEAST, Math.ceil(full / scale())));
}

let start: { seed: number; path: string | undefined } | undefined;

/** The runner of the tests looks for this line, and says how to repeat a test that fails. */
function announced(): { seed: number; path: string | undefined } {
  const { KYSERA_FUZZ_SEED, KYSERA_FUZZ_PATH, KYSERA_FUZZ_RUNS } = process.env;
  const seed = Number(KYSERA_FUZZ_SEED ?? Math.floor(Math.random() * 0x7fffffff));
  if (!Number.isSafeInteger(seed)) throw new TypeError("KYSERA_FUZZ_SEED is not an integer");
  const variables = [`KYSERA_FUZZ_SEED=${seed}`];
  if (scale() !== SCALES["short"]) variables.push(`KYSERA_TEST_SCALE=${form()}`);
  if (KYSERA_FUZZ_RUNS !== undefined) variables.push(`KYSERA_FUZZ_RUNS=${KYSERA_FUZZ_RUNS}`);
  console.log(`Random cases: ${variables.join(" ")}`);
  return { seed, path: KYSERA_FUZZ_PATH || undefined };
}

function form(): string {
  return process.env["KYSERA_TEST_SCALE"] || "short";
}

/** Of how many cases one runs. */
function scale(): number {
  const every = Object.hasOwn(SCALES, form()) ? SCALES[form()] : undefined;
  if (every !== undefined) return every;
  const forms = Object.keys(SCALES).map((name) => `"${name}"`).join(", ");
  throw new TypeError(`KYSERA_TEST_SCALE is one of ${forms}, not "${form()}"`);
}
