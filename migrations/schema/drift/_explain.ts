import type { SchemaChange } from "../diff/schema_change.ts";
import { keyOf, type Stage } from "./_stages.ts";

/** Where a difference comes from, and what to do. */
export interface Explanation {
  /** The migration that the difference has to do with; `null` where none is known to. */
  readonly migration: string | null;
  /** Where it comes from. */
  readonly cause: string;
  /** What to do. */
  readonly cure: string;
}

/**
 * Returns where a difference comes from, as far as the stages of the migrations tell.
 *
 * @param change the difference
 * @param stages the schema after each migration; empty where it is not known
 */
export function explain(change: SchemaChange, stages: readonly Stage[]): Explanation {
  const isAsFound = (stage: Stage) => {
    if (stage.changes.has(keyOf(change))) return false;
    // Where the whole table differs, nothing is told of what belongs to it.
    const owner = { schema: change.schema, table: null, name: change.table ?? change.name };
    const ofTable = stage.changes.get(keyOf({ ...owner, object: "table" })) ??
      stage.changes.get(keyOf({ ...owner, object: "view" }));
    return ofTable === undefined || ofTable.kind === "changed";
  };
  const pending = stages.find((stage) => !stage.isApplied && isAsFound(stage))?.migration;
  if (pending !== undefined) {
    return {
      migration: pending,
      cause: `"${pending}" makes this change, and is not recorded as applied`,
      cure:
        `if all that "${pending}" does is there, call markAsExecuted("${pending}"); otherwise ` +
        `undo the change, and apply the migration`,
    };
  }
  const applied = stages.filter(({ isApplied }) => isApplied);
  const undone = applied[applied.findLastIndex(isAsFound) + 1]?.migration;
  const isBefore = applied.some(isAsFound);
  if (isBefore && undone !== undefined) {
    return {
      migration: undone,
      cause:
        `what "${undone}" does to it is not there: it was undone, or the migration was recorded ` +
        `without having run`,
      cure: `make the change again by hand; or, if nothing of "${undone}" is there, call ` +
        `markAsRolledBack("${undone}") and apply it again`,
    };
  }
  return { migration: null, ...UNKNOWN[change.kind] };
}

const BY_HAND = "by hand, or by another program";

const UNKNOWN: Readonly<Record<SchemaChange["kind"], { readonly cause: string; cure: string }>> = {
  added: {
    cause: `no migration makes it: it was created ${BY_HAND}`,
    cure: "drop it; or write a migration that creates it, and call markAsExecuted() where it is",
  },
  removed: {
    cause: `no migration drops it: it was dropped ${BY_HAND}`,
    cure:
      "create it again; or write a migration that drops it, and call markAsExecuted() where it " +
      "is gone",
  },
  changed: {
    cause: `no migration makes it so: it was changed ${BY_HAND}`,
    cure: "change it back; or write a migration that makes the change, and call markAsExecuted() " +
      "where it is made",
  },
};
