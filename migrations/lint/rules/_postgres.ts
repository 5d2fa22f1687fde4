import type { Change, TypeName } from "../read/_change.ts";
import { isFreeInPostgres } from "../read/_type.ts";
import { isBefore } from "../view/_version.ts";
import { isCheckedNotNull } from "./_common.ts";
import {
  isInUse,
  listed,
  onAddedConstraints,
  type RuleDefinition,
  shown,
  type Site,
} from "./_rule.ts";
import { mayBeVolatile } from "./_volatile.ts";

const POSTGRES = ["postgres"] as const;

/** Rules about what PostgreSQL locks and rewrites. */
export const POSTGRES_LOCK_RULES: readonly RuleDefinition[] = [
  {
    id: "index-not-concurrent",
    severity: "error",
    dialects: POSTGRES,
    claims: "blocks-writes",
    reason: "Writes wait until it is done (SHARE lock); dropping and reindexing stop reads, too.",
    instead: "Use CONCURRENTLY, alone in a migration with `transaction: false`.",
    on: {
      "create-index": ({ table, index }, site) =>
        !index.concurrently && isInUse(table, site)
          ? `Builds an index of ${shown(table)} while writes wait`
          : undefined,
      "drop-index": ({ index, concurrently }, { view }) => {
        const table = view.tableOfIndex(index.name);
        const isNew = table !== undefined && view.isNew(table.name);
        return concurrently || isNew
          ? undefined
          : `Drops the index ${shown(index)} with a full lock`;
      },
      reindex: ({ index, concurrently }, { version }) =>
        concurrently || isBefore(version, 12)
          ? undefined
          : `Rebuilds ${shown(index)} while reads and writes wait`,
      "detach-partition": ({ table, concurrently }, { version }) =>
        concurrently || isBefore(version, 14)
          ? undefined
          : `Detaches a partition of ${shown(table)} with a full lock`,
    },
  },
  {
    id: "concurrent-in-transaction",
    severity: "error",
    dialects: POSTGRES,
    reason: "PostgreSQL refuses CONCURRENTLY inside a transaction.",
    instead: "Set `transaction: false`, and give the statement a migration of its own.",
    *migration({ transaction, statements }) {
      if (!transaction) return;
      for (const [statement, { changes }] of statements.entries()) {
        if (changes.some(isConcurrent)) {
          yield { message: "Is concurrent, and runs in a transaction", statement };
        }
      }
    },
  },
  {
    id: "leftover-invalid-index",
    severity: "error",
    dialects: POSTGRES,
    reason:
      "A build that failed leaves an INVALID index, which IF NOT EXISTS takes for one that is there.",
    instead:
      "Leave IF NOT EXISTS out, or put `drop index concurrently if exists` before it: the runner " +
      "drops an invalid index that it left itself.",
    on: {
      "create-index": ({ table, index }, { migration, index: at, view }) => {
        const known = view.table(table)?.indexes.find(({ name }) => name === index.name);
        if (index.name !== undefined && known?.isInvalid) {
          return `The index "${index.name}" of ${shown(table)} is there, and invalid`;
        }
        const isDropped = migration.statements.slice(0, at).some(({ changes }) =>
          changes.some((change) => change.kind === "drop-index" && change.index.name === index.name)
        );
        return index.concurrently && index.ifNotExists && !isDropped
          ? `The index "${index.name}" may be there, and invalid`
          : undefined;
      },
    },
  },
  {
    id: "transaction-nesting",
    severity: "error",
    dialects: POSTGRES,
    reason: "The transaction is the runner's, which records the migration in it; the run fails.",
    instead: "Remove it; set `transaction: false` to go without one.",
    on: { transaction: ({ word }) => `Sends ${word} by itself` },
  },
  {
    id: "constraint-without-not-valid",
    severity: "error",
    dialects: POSTGRES,
    claims: "blocks-writes",
    reason: "Writes wait while every row is checked.",
    instead:
      "Add the constraint NOT VALID, and VALIDATE it in another migration, which blocks nobody.",
    on: {
      // A new column that is NULL everywhere refers to nothing, and its rows are not looked at.
      ...onAddedConstraints(({ type, notValid, columns, isOfEmptyColumn }, _, table) =>
        !(type === "foreign-key" && isOfEmptyColumn) &&
          (type === "foreign-key" || type === "check") && !notValid
          ? `Checks every row of ${shown(table)} for a ${type.replace("-", " ")}${
            columns.length > 0 ? ` of ${listed(columns)}` : ""
          } while writes wait`
          : undefined
      ),
      "validate-constraint": ({ table, name }, { migration, index }) =>
        migration.transaction &&
          migration.statements.slice(0, index + 1).some(({ changes }) =>
            changes.some((change) =>
              change.kind === "add-constraint" && change.constraint.name === name
            )
          )
          ? `Validates "${name}" of ${
            shown(table)
          } in the transaction that added it, whose lock it keeps`
          : undefined,
    },
  },
  {
    id: "unique-constraint-blocking",
    severity: "error",
    dialects: POSTGRES,
    claims: "blocks-writes",
    reason: "Reads and writes wait while its index is built.",
    instead:
      "Create a unique index CONCURRENTLY, then `add constraint .. unique using index` in another " +
      "migration.",
    on: onAddedConstraints(({ type, usingIndex, columns }, _, table) =>
      type === "unique" && !usingIndex
        ? `Builds a unique index of ${listed(columns)} of ${shown(table)} with a full lock`
        : undefined
    ),
  },
  {
    id: "primary-key-blocking",
    severity: "error",
    dialects: POSTGRES,
    claims: "blocks-writes",
    reason: "Reads and writes wait while its index is built, and its columns are checked.",
    instead:
      "Create a unique index CONCURRENTLY on columns that are NOT NULL, then `add constraint .. " +
      "primary key using index` in another migration.",
    on: onAddedConstraints(({ type, usingIndex }, _, table) =>
      type === "primary-key" && !usingIndex
        ? `Builds the primary key of ${shown(table)} with a full lock`
        : undefined
    ),
  },
  {
    id: "exclusion-constraint",
    severity: "warning",
    dialects: POSTGRES,
    reason: "Reads and writes wait while its index is built; there is no concurrent way.",
    instead: "Add it while the table is small, or when nobody writes.",
    on: onAddedConstraints(({ type }, _, table) =>
      type === "exclusion" ? `Builds an exclusion constraint of ${shown(table)}` : undefined
    ),
  },
  {
    id: "set-not-null-scan",
    severity: "error",
    dialects: POSTGRES,
    reason: "Reads and writes wait while every row is read.",
    instead:
      "Add `check (c is not null) not valid`, VALIDATE it in another migration, then SET NOT NULL " +
      "(which PostgreSQL 12 and newer do without a scan), and drop the check.",
    on: {
      "set-not-null": ({ table, column }, site) =>
        isInUse(table, site) &&
          (isBefore(site.version, 12) || !isCheckedNotNull(site.view.table(table), column))
          ? `Reads every row of ${shown(table)} to set "${column}" NOT NULL`
          : undefined,
    },
  },
  {
    id: "volatile-default",
    severity: "error",
    dialects: POSTGRES,
    claims: "rewrite",
    reason: "A default that differs from row to row writes the table anew, while everybody waits.",
    instead: "Add the column without it, set the default, then fill the old rows in batches.",
    on: {
      "add-column": ({ table, column }, site) => {
        const value = column.default;
        if (!isInUse(table, site) || value === undefined || value.isNull) return undefined;
        if (!isBefore(site.version, 11) && !mayBeVolatile(value)) return undefined;
        return `Fills "${column.name}" of ${shown(table)} row by row with ${
          value.calls.length > 0 ? `${value.calls[0]}()` : "its default"
        }`;
      },
    },
  },
  {
    id: "stored-generated-column",
    severity: "error",
    dialects: POSTGRES,
    claims: "rewrite",
    reason: "It writes the table anew, while everybody waits.",
    instead: "Add a plain column, fill it by a trigger and in batches.",
    on: {
      "add-column": ({ table, column }, site) =>
        column.generated === "stored" && isInUse(table, site)
          ? `Computes "${column.name}" of every row of ${shown(table)}`
          : undefined,
    },
  },
  {
    id: "serial-on-existing",
    severity: "error",
    dialects: POSTGRES,
    claims: "rewrite",
    reason: "It writes the table anew to number the rows, while everybody waits.",
    instead: "Add a plain column, a sequence as its default, and fill the old rows in batches.",
    on: {
      "add-column": ({ table, column }, site) =>
        (isSerial(column.type) || column.generated === "identity") && isInUse(table, site)
          ? `Numbers every row of ${shown(table)} in "${column.name}"`
          : undefined,
    },
  },
  {
    id: "type-rewrite",
    severity: "error",
    dialects: POSTGRES,
    claims: "rewrite",
    reason: "It writes the table and its indexes anew, while everybody waits.",
    instead: "Add a column of the new type, fill it in batches, switch, drop the old one.",
    on: {
      "alter-type": ({ table, column, type, hasUsing }, site) => {
        if (!isInUse(table, site)) return undefined;
        const from = site.view.table(table)?.columns.get(column)?.type;
        if (from !== undefined && !hasUsing && isFreeInPostgres(from, type)) return undefined;
        return `Changes "${column}" of ${shown(table)} from ${
          from?.name ?? "a type that is not known"
        } to ${type.name}`;
      },
    },
  },
  {
    id: "missing-lock-timeout",
    severity: "error",
    dialects: POSTGRES,
    reason:
      "While it waits for a lock, everybody who comes after it waits too: one long query stops the " +
      "table.",
    instead: "Begin with `set local lock_timeout = '5s'`, and run the migration again if it fails.",
    migration: (migration, site) =>
      site.limitsLocks ? [] : missingTimeout(migration, site, "lock_timeout"),
  },
  {
    id: "missing-statement-timeout",
    severity: "warning",
    dialects: POSTGRES,
    reason: "A statement that takes longer than expected holds its lock for as long.",
    instead: "Begin with `set local statement_timeout = '1min'`.",
    migration: (migration, site) => missingTimeout(migration, site, "statement_timeout"),
  },
  {
    id: "vacuum-full",
    severity: "error",
    dialects: POSTGRES,
    reason: "It writes the table anew, while reads and writes wait.",
    instead: "Use VACUUM, or pg_repack.",
    on: { "vacuum-full": ({ table }) => `Writes ${shown(table)} anew` },
  },
  {
    id: "cluster",
    severity: "error",
    dialects: POSTGRES,
    reason: "It writes the table anew, while reads and writes wait.",
    instead: "Use pg_repack.",
    on: { cluster: ({ table }) => `Writes ${shown(table)} anew` },
  },
];

/** What takes a lock that stops writes of a table, if only for a moment. */
const LOCKING: ReadonlySet<Change["kind"]> = new Set([
  "add-column",
  "drop-column",
  "rename-table",
  "rename-column",
  "alter-type",
  "set-not-null",
  "drop-not-null",
  "set-default",
  "drop-default",
  "add-constraint",
  "drop-constraint",
  "drop-table",
  "truncate",
  "create-trigger",
  "row-security",
  "create-policy",
]);

function* missingTimeout(
  { statements }: Parameters<NonNullable<RuleDefinition["migration"]>>[0],
  site: Site,
  setting: string,
): Generator<{ message: string; statement: number }> {
  for (const [statement, { changes }] of statements.entries()) {
    if (changes.some((change) => change.kind === "set" && change.name === setting)) return;
    const locking = changes.find((change) =>
      LOCKING.has(change.kind) && "table" in change && change.table !== undefined &&
      isInUse(change.table, site)
    );
    if (locking === undefined) continue;
    yield { message: `Locks a table without a ${setting}`, statement };
    return;
  }
}

function isConcurrent(change: Change): boolean {
  return change.kind === "create-index"
    ? change.index.concurrently
    : "concurrently" in change && change.concurrently;
}

function isSerial(type: TypeName | undefined): boolean {
  return type !== undefined && /^(?:small|big)?serial$/.test(type.name);
}
