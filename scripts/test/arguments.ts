/**
 * The command line of `deno task test`.
 *
 * @module
 */

/** What to run, and how. */
export interface TestArguments {
  /** Files, folders and patterns; everything when there are none. */
  readonly paths: readonly string[];
  /** What `deno test` is given beside the files. */
  readonly options: readonly string[];
  /** Whether the types are checked, too. */
  readonly check: boolean;
  /** Whether every random case runs. */
  readonly full: boolean;
  readonly failFast: boolean;
  /** So long a test may take, in seconds. */
  readonly limit: number;
  /** So long everything may take, in minutes: nothing begins after that. */
  readonly budget: number;
}

/** A test in the long form takes seconds, where the machine has nothing else to do. */
const LIMIT = 120;

/** Options of `deno test` whose value may be the next argument. */
const WITH_VALUE = [
  ...["--filter", "--config", "-c", "--import-map", "--reporter", "--location", "--seed", "--cert"],
  ...["--preload", "--require", "--conditions", "--retry", "--repeats", "--ext", "--lock"],
  ...["--coverage-threshold", "--min-dep-age"],
];
/** What runs anyway, or in another way. */
const NEEDLESS = ["--doc", "--parallel", "-A", "--allow-all"];
/** What is about all files at once, while each runs in a process of its own. */
const NOT_PER_FILE = [
  ...["--watch", "--watch-exclude", "--shard", "--changed", "--related", "--junit-path"],
  ...["--inspect", "--inspect-brk", "--inspect-wait", "--no-run"],
];

/**
 * Parses the command line.
 *
 * @param args The arguments: options of `deno test`, files and folders in any order.
 * @returns What they say.
 * @throws {TypeError} For an option that does not work here.
 */
export function parseArguments(args: readonly string[]): TestArguments {
  const paths: string[] = [];
  const options: string[] = [];
  let check = true;
  let full = false;
  let failFast = false;
  let limit = LIMIT;
  let budget = Infinity;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const [name, value] = arg.startsWith("--") ? split(arg) : [arg, undefined];
    if (arg === "--") {
      options.push(...args.slice(i));
      break;
    } else if (!arg.startsWith("-")) paths.push(arg);
    else if (arg === "--full") full = true;
    else if (name === "--limit") limit = positive(name, value ?? args[++i]);
    else if (name === "--budget") budget = positive(name, value ?? args[++i]);
    else if (name === "--no-check") check = false;
    else if (NEEDLESS.includes(name)) continue;
    else if (NOT_PER_FILE.includes(name)) {
      throw new TypeError(`Cannot use ${name} here: use it with \`deno test -A\` itself`);
    } else {
      if (name === "--fail-fast") failFast = true;
      options.push(arg);
      if (WITH_VALUE.includes(name) && value === undefined && i + 1 < args.length) {
        options.push(args[++i]!);
      }
    }
  }
  return { paths, options, check, full, failFast, limit, budget };
}

function split(arg: string): [name: string, value: string | undefined] {
  const at = arg.indexOf("=");
  return at < 0 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)];
}

function positive(name: string, text: string | undefined): number {
  const value = Number(text);
  if (value > 0) return value;
  const unit = name === "--limit" ? "seconds" : "minutes";
  throw new TypeError(`Cannot take "${text}" for ${name}: give it a number of ${unit}`);
}
