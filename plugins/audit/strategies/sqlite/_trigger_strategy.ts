import { partsOf } from "../../sql/_nodes.ts";
import type { TriggerStrategy } from "../trigger_strategy.ts";
import { handOverOnSqlite } from "./_hand_over.ts";
import { findSqliteTriggers, sqliteTriggers } from "./_triggers.ts";
import { replaces } from "./_write.ts";

/** Triggers of SQLite, which read a row that is there as long as the write. */
export const SQLITE_TRIGGERS: TriggerStrategy = {
  make: sqliteTriggers,
  replaces: false,
  find: findSqliteTriggers,
  // Rows that are replaced fire triggers under a setting of the connection only, and what is to be
  // done about a conflict goes for the statements of triggers as well.
  sees: ({ node }) => !replaces(node) && partsOf(node).orAction === undefined,
  handOver: handOverOnSqlite,
};
