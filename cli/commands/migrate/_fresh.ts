import type { MigrationResult } from "@kysera/migrations";
import { dropEverything } from "../../connect/_drop_everything.ts";
import type { CommandResult } from "../../program/_command.ts";
import type { Context } from "../../program/_context.ts";
import { findSeeds } from "../../seeds/_find_seeds.ts";
import { runSeeds } from "../../seeds/_run_seeds.ts";
import { openRunner, type RunnerRequest } from "./_open_runner.ts";
import { runMigrations, UP } from "./_run.ts";

/** What is done when everything has been dropped. */
export interface FreshRequest extends Omit<RunnerRequest, "writes"> {
  readonly seed: boolean;
}

/** Drops everything, applies every migration, and fills the database if that is wanted. */
export async function beginAnew(context: Context, request: FreshRequest): Promise<CommandResult> {
  const opened = await openRunner(context, { ...request, writes: true });
  const { db } = opened.connection;
  const seeds = request.seed ? findSeeds((await context.settings()).seeds, undefined) : [];
  // What cannot be loaded must not be found out when everything is gone.
  await opened.runner.status();
  const dropped = await context.finishFirst(() => dropEverything(db, request.schema));
  context.say(`Dropped ${dropped.length} ${dropped.length === 1 ? "object" : "objects"}`);
  const applied = await runMigrations(context, opened, () => opened.runner.up(), UP);
  const seeded = await runSeeds(context, db, seeds, false);
  return {
    data: { dropped, applied: applied.data as MigrationResult, seeded },
    text: [applied.text, ...seeded.length === 0 ? [] : [`Seeded ${seeded.join(", ")}`]].join("\n"),
  };
}
