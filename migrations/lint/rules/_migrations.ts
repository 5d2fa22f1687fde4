import { DIALECTS } from "@kysera/core";
import { irreversibleReason } from "../../irreversible.ts";
import type { Change } from "../read/_change.ts";
import { isInUse, type LintedMigration, type RuleDefinition, shown, type Site } from "./_rule.ts";

/** What only changes a schema. */
const SCHEMA: ReadonlySet<Change["kind"]> = new Set([
  "create-table",
  "add-column",
  "modify-column",
  "drop-column",
  "rename-table",
  "rename-column",
  "alter-type",
  "set-not-null",
  "drop-not-null",
  "add-constraint",
  "drop-constraint",
  "create-index",
  "drop-table",
]);
/** What cannot be undone, as it loses rows or values. */
const LOSSES: ReadonlySet<Change["kind"]> = new Set([
  "drop-table",
  "drop-column",
  "drop-schema",
  "truncate",
  "delete",
]);
/** Modules that a migration may import: they do not change with the application. */
const STEADY = /^(?:kysely(?:\/|$)|@kysera\/|node:|\.\/|(?:jsr|npm):(?:@kysera\/|kysely))/;
const IMPORT = /(?:\bfrom|\bimport)\s{0,9}\(?\s{0,9}["']([^"'\n]{1,300})["']/g;

/** Rules about migrations as a whole. */
export const MIGRATION_RULES: readonly RuleDefinition[] = [
  {
    id: "data-and-schema-mixed",
    severity: "error",
    dialects: DIALECTS,
    reason:
      "The locks of the schema change are held for as long as the rows take, or the rows' for as long " +
      "as it does.",
    instead: "Put the change of the rows into a migration of its own, with `batches()`.",
    *migration(migration, site) {
      if (!migration.transaction || site.dialect === "mysql") return;
      const inUse = changesInUse(migration, site);
      const schema = inUse.find(({ change }) => SCHEMA.has(change.kind));
      const rows = inUse.find(({ change }) => change.kind === "update" || change.kind === "delete");
      if (schema === undefined || rows === undefined) return;
      yield {
        message: `Changes rows of ${shown(rows.change.table)} and the schema of ${
          shown(schema.change.table)
        } in one transaction`,
        statement: rows.index,
      };
    },
  },
  {
    id: "unbatched-update",
    severity: "error",
    dialects: DIALECTS,
    reason: "It locks every row until the transaction ends, and leaves as many dead ones.",
    instead: "Use `batches({ table, key, run })`, which changes a thousand rows at a time.",
    on: {
      update: ({ table, isPinned }, site) =>
        !isPinned && isInUse(table, site)
          ? `Changes all rows of ${shown(table)} at once`
          : undefined,
      delete: ({ table, isPinned }, site) =>
        !isPinned && isInUse(table, site)
          ? `Deletes all rows of ${shown(table)} at once`
          : undefined,
    },
  },
  {
    id: "raw-sql-unparsed",
    severity: "warning",
    dialects: DIALECTS,
    reason: "No rule looked at this.",
    instead:
      "Write it in a form that is read, hand in a parser (`parse` of libpg-query on PostgreSQL), or " +
      "check it by hand and say so in an ignore comment.",
    *migration({ statements }) {
      for (const [statement, { unread }] of statements.entries()) {
        if (unread !== undefined) yield { message: `Could not read: ${unread}`, statement };
      }
    },
  },
  {
    id: "missing-down",
    severity: "info",
    dialects: DIALECTS,
    reason: "A rollback stops before it.",
    instead: "Write `down`, or declare `down: irreversible('why')`.",
    *migration(migration) {
      const { down, repeatable } = migration.migration;
      if (down !== undefined || repeatable === true || loses(migration)) return;
      yield { message: "Has no down" };
    },
  },
  {
    id: "irreversible-undeclared",
    severity: "warning",
    dialects: DIALECTS,
    reason: "Whoever rolls back should know that what was lost does not come back.",
    instead: "Declare `down: irreversible('why')`, and write down where a backup is.",
    *migration(migration) {
      const { down, repeatable } = migration.migration;
      if (repeatable === true || !loses(migration)) return;
      if (down !== undefined && irreversibleReason(down) !== undefined) return;
      yield {
        message: down === undefined
          ? "Loses data and has no down"
          : "Loses data, which its down cannot bring back",
      };
    },
  },
  {
    id: "app-import",
    severity: "warning",
    dialects: DIALECTS,
    reason: "What the application exports changes, and then the migration means something else.",
    instead: "Copy what is needed into the migration.",
    *migration({ migration: { source, file } }) {
      // Functions in code have no imports of their own.
      if (source === undefined || file === undefined || /\.sql$/i.test(file)) return;
      const modules = new Set([...source.matchAll(IMPORT)].map(([, module]) => module!));
      for (const module of modules) {
        if (!STEADY.test(module)) yield { message: `Imports "${module}"` };
      }
    },
  },
  {
    id: "nondeterministic-plan",
    severity: "warning",
    dialects: DIALECTS,
    reason: "With other rows it sends other statements, which no rule has seen.",
    instead: "Let SQL choose the rows (`insert .. select`), or lint on a copy of production.",
    *migration({ readsData, endsBecause }) {
      if (endsBecause !== undefined) {
        yield { message: `Nothing behind this point was checked: ${endsBecause}` };
      } else if (readsData) yield { message: "Reads rows to decide what to send" };
    },
  },
];

/** Rules without a check of their own: the runner, a scratch database or a comment reports them. */
export const HISTORY_RULES: readonly RuleDefinition[] = [
  {
    id: "edited-after-apply",
    severity: "error",
    dialects: DIALECTS,
    reason: "Databases where it is applied and new ones differ from now on.",
    instead: "Undo the edit, and make the change in a new migration.",
  },
  {
    id: "out-of-order",
    severity: "error",
    dialects: DIALECTS,
    reason: "It was written for a schema that later migrations have changed since.",
    instead: "Give it a name that comes last.",
  },
  {
    id: "observed-rewrite",
    severity: "error",
    dialects: ["postgres", "mysql"],
    reason: "The scratch database wrote the table anew, which no other rule has foreseen.",
    instead: "Find a change that only adds, and copy the rows in batches.",
  },
  {
    id: "ignore-without-reason",
    severity: "error",
    dialects: DIALECTS,
    reason: "Nobody can tell later whether the reason still holds.",
    instead: "Write `-- kysera-ignore rule: reason`.",
  },
  {
    id: "unused-ignore",
    severity: "info",
    dialects: DIALECTS,
    reason: "It hides what the rule may find one day.",
    instead: "Remove it.",
  },
];

/** Whether it loses what was there before: not its own tables, and not one that it writes anew. */
function loses({ statements }: LintedMigration): boolean {
  const changes = statements.flatMap((statement) => statement.changes);
  const kept = new Set(
    changes.flatMap((change) =>
      change.kind === "create-table"
        ? [change.table.name]
        : change.kind === "rename-table"
        ? [change.to]
        : []
    ),
  );
  return changes.some((change) =>
    LOSSES.has(change.kind) && !("table" in change && kept.has(change.table?.name ?? ""))
  );
}

type TableChange = Extract<Change, { table: unknown }>;

/** The changes of tables that were there before the migration, and their statements. */
function changesInUse(
  { statements }: LintedMigration,
  { view }: Site,
): { change: TableChange; index: number }[] {
  return statements.flatMap(({ changes }, index) =>
    changes.flatMap((change) =>
      "table" in change && change.table !== undefined && !view.isNew(change.table)
        ? [{ change: change as TableChange, index }]
        : []
    )
  );
}
