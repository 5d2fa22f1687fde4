/**
 * `deno task test`: every test and every documented example, on every dialect this machine can run.
 *
 * Files, folders and patterns narrow the run, and other arguments go to `deno test` (`--filter`, for
 * example). `--full` runs all random cases, `--limit SECONDS` says when a test is taken to hang,
 * `--budget MINUTES` how long everything may take, and `--no-check` leaves the types alone. The last
 * line is `N passed, N failed`. (The file is not called `test.ts`: Deno would take it for a test.)
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Databases, openDatabases, URL_VARIABLES } from "./databases.ts";
import { outliveSignals } from "./run.ts";
import { parseArguments, type TestArguments } from "./test/arguments.ts";
import { runOnDeno } from "./test/deno.ts";
import { describeLeft, drawItems, type Item, itemsOf } from "./test/items.ts";
import { randomCases, runSuite } from "./test/suite.ts";

const isInterrupted = outliveSignals();
process.exitCode = await main();

async function main(): Promise<number> {
  let args: TestArguments;
  let items: Item[];
  try {
    args = parseArguments(process.argv.slice(2));
    items = itemsOf(args.paths, args.check);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(error.message);
    return 2;
  }
  const scratch = mkdtempSync(join(tmpdir(), "kysera-test-"));
  try {
    const databases = await openDatabases();
    try {
      return await test(args, items, databases, scratch);
    } finally {
      await databases.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function test(
  args: TestArguments,
  items: readonly Item[],
  databases: Databases,
  scratch: string,
): Promise<number> {
  const random = randomCases(args.full);
  console.log(random.text);
  const isEverything = args.paths.length === 0;
  const { drawn, left } = isEverything && random.scale !== "full"
    ? drawItems(items, random.seed)
    : { drawn: items, left: [] };
  if (left.length > 0) console.log(`Left out, --full runs them: ${describeLeft(left)}`);
  const { passed, failed, skipped } = await runSuite({
    items: drawn,
    // With other arguments the work is not the usual one.
    times: args.options.length === 0 ? random.scale : undefined,
    run: async (item, worker) =>
      await runOnDeno(item, {
        scratch,
        env: { ...await databases.envOf(worker), ...random.env },
        options: args.options,
        limit: args.limit,
        draws: isEverything,
        isInterrupted,
      }),
    isInterrupted,
    failFast: args.failFast,
    quiet: args.options.some((option) => /^--filter(=|$)/.test(option)),
    everyDialect: true,
    budget: args.budget,
  });
  for (const { name, reason } of databases.missing) {
    console.log(`${URL_VARIABLES[name]} is not set, and no server was started: ${reason}`);
  }
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
  if (isInterrupted()) return 130;
  return failed > 0 ? 1 : 0;
}
