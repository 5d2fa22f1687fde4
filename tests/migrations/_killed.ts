/**
 * What holds when a run was killed, whoever was: the next one ends with what an undisturbed one has.
 *
 * @module
 */
import { createMigrationRunner } from "@kysera/migrations";
import { waitFor } from "@kysera/testing";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { fuzzRuns, fuzzSeed, runsAll } from "../support/random.ts";
import type { ChildTask } from "./_child.ts";
import { migrationsFor } from "./_migrations.ts";
import { dump } from "./_processes.ts";

/** How long a dead runner counts as alive, in milliseconds. */
export const LEASE = 100;

/** One place where a run is killed. */
export interface Death {
  readonly dieAt: number;
  readonly dies: "before" | "after";
  /** In words, for messages. */
  readonly place: string;
}

/**
 * Returns where runs are killed: at each statement in the full form, and in others spread over the
 * whole run. Each run of the tests draws others.
 *
 * @param statements how many the run sends
 * @param every at each statement, or at each so many
 */
export function deathsOf(statements: number, every = 1): Death[] {
  // A process, or the start of a server, costs as much as hundreds of queries.
  const count = Math.ceil(runsAll() ? statements / every : fuzzRuns(40) / 4);
  const { seed } = fuzzSeed();
  return Array.from({ length: count }, (_, i) => {
    const dieAt = 1 + (seed + Math.floor(i * statements / count)) % statements;
    const dies = (i + seed) % 2 === 0 ? "before" : "after";
    return { dieAt, dies, place: `killed ${dies} statement ${dieAt} of ${statements}` };
  });
}

/**
 * Runs the migrations to their end, and asserts that it is that of an undisturbed run.
 *
 * @param db the database that the killed run has left
 * @param dialect its dialect
 * @param wanted the dump of an undisturbed run
 * @param place where it was killed
 */
export async function assertSameEnd(
  db: Kysely<any>,
  dialect: ChildTask["dialect"],
  wanted: unknown,
  place: string,
): Promise<void> {
  try {
    const runner = createMigrationRunner(db, migrationsFor(dialect), {
      lease: LEASE,
      lockTimeout: 20_000,
    });
    await runner.up();
    assert.deepEqual(await dump(db, dialect), wanted, place);
    assert.equal((await runner.status()).pending.length, 0, place);
    await waitFor(async () => await runner.lockHolder() === undefined);
  } catch (error) {
    throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
  }
}
