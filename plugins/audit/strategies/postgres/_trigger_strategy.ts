import type { TriggerStrategy } from "../trigger_strategy.ts";
import { handOverOnPostgres } from "./_hand_over.ts";
import { findPostgresTriggers, postgresTriggers } from "./_triggers.ts";

/** Triggers of PostgreSQL, which read a setting of the statement. */
export const POSTGRES_TRIGGERS: TriggerStrategy = {
  make: postgresTriggers,
  replaces: true,
  find: findPostgresTriggers,
  // The statement has to see to what a batch expects of it.
  sees: (_, { scope }) => scope.batch?.expected === undefined,
  handOver: handOverOnPostgres,
};
