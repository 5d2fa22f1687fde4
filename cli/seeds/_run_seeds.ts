import { createSqlMigration } from "@kysera/migrations";
import type { Kysely } from "kysely";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { loadModule } from "../config/_load_module.ts";
import { failure } from "../contract/_cli_error.ts";
import type { Context } from "../program/_context.ts";
import { messageOf } from "../contract/_message_of.ts";
import { seedName } from "./_find_seeds.ts";

/** A seed that is loaded. */
interface Seed {
  readonly name: string;
  run(db: Kysely<any>): Promise<unknown>;
}

/**
 * Runs seeds one after the other, each in a transaction, or all in one. All are loaded before the
 * first runs.
 *
 * @returns their names
 * @throws {CliError} if one cannot be loaded, or fails
 */
export async function runSeeds(
  context: Context,
  db: Kysely<any>,
  files: readonly string[],
  isOneTransaction: boolean,
): Promise<string[]> {
  const seeds = await Promise.all(files.map(loadSeed));
  const runAll = async (within: (run: (db: Kysely<any>) => Promise<void>) => Promise<void>) => {
    for (const seed of seeds) {
      context.signal.throwIfAborted();
      context.say(`Seeding ${seed.name}`);
      await within((each) => runSeed(seed, each));
    }
  };
  await context.finishFirst(async () => {
    if (!isOneTransaction) {
      return await runAll((run) => db.transaction().execute((trx) => run(trx)));
    }
    await db.transaction().execute((trx) => runAll((run) => run(trx)));
  });
  return seeds.map(({ name }) => name);
}

async function runSeed(seed: Seed, db: Kysely<any>): Promise<void> {
  try {
    await seed.run(db);
  } catch (cause) {
    throw failure(`Cannot run seed "${seed.name}": ${messageOf(cause)}; it was rolled back`, {
      cause,
    });
  }
}

async function loadSeed(file: string): Promise<Seed> {
  const name = seedName(file);
  if (file.endsWith(".sql")) {
    const script = createSqlMigration(name, await readFile(file, "utf8"));
    return { name, run: (db) => script.up(db) };
  }
  let module: { seed?: unknown; default?: unknown };
  try {
    module = await loadModule(pathToFileURL(file).href) as typeof module;
  } catch (cause) {
    throw failure(`Cannot load seed "${name}": ${messageOf(cause)}`, { cause });
  }
  const run = module.seed ?? module.default;
  if (typeof run === "function") return { name, run: async (db) => await run(db) };
  throw failure(`Cannot load seed "${name}": it exports no function "seed"`, {
    hint: "Write `export async function seed(db) { .. }`.",
  });
}
