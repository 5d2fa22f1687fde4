import type { ChangeOf, ObjectName } from "../read/_change.ts";
import { isBefore } from "../view/_version.ts";
import { type Messages, type RuleDefinition, shown, type Site } from "./_rule.ts";

const SQLITE = ["sqlite"] as const;

/** Rules about what SQLite cannot do, or does in another way than others. */
export const SQLITE_RULES: readonly RuleDefinition[] = [
  {
    id: "not-null-without-default",
    severity: "error",
    dialects: SQLITE,
    reason: "SQLite refuses it, even where the table has no rows.",
    instead: "Give it a default, or write the table anew.",
    on: {
      "add-column": ({ table, column }) =>
        column.notNull && (column.default === undefined || column.default.isNull) &&
          column.generated === undefined
          ? `Adds "${column.name}" to ${shown(table)}, NOT NULL without a default`
          : undefined,
    },
  },
  {
    id: "alter-needs-rebuild",
    severity: "warning",
    dialects: SQLITE,
    reason: "SQLite cannot change that of a table: the statement fails.",
    instead: "Write the table anew: create another one, copy, drop, rename.",
    recipe: (change) =>
      "table" in change && change.table !== undefined ? rebuild(change.table) : undefined,
    on: {
      "alter-type": ({ table }) => cannot(table, "the type of a column"),
      "set-not-null": ({ table }) => cannot(table, "NOT NULL of a column"),
      "drop-not-null": ({ table }) => cannot(table, "NOT NULL of a column"),
      "set-default": ({ table }) => cannot(table, "the default of a column"),
      "drop-default": ({ table }) => cannot(table, "the default of a column"),
      "modify-column": ({ table }) => cannot(table, "a column"),
      "add-constraint": ({ table }) => cannot(table, "the constraints"),
      "drop-constraint": ({ table }) => cannot(table, "the constraints"),
      "add-column": cannotAdd,
    },
  },
  {
    id: "foreign-keys-in-tx",
    severity: "error",
    dialects: SQLITE,
    reason: "Inside of a transaction SQLite ignores it in silence.",
    instead: "Set `transaction: false`, or use `pragma defer_foreign_keys = on`.",
    on: {
      pragma: ({ name }, { migration }) =>
        name === "foreign_keys" && migration.transaction
          ? "Sets foreign_keys inside of a transaction"
          : undefined,
    },
  },
  {
    id: "rebuild-loses-triggers",
    severity: "error",
    dialects: SQLITE,
    reason: "Triggers and indexes are dropped with the old table.",
    instead: "Create them again behind the renaming.",
    *migration({ statements }, { view }) {
      const dropped = new Set<string>();
      const rebuilt = new Map<string, number>();
      for (const [index, { changes }] of statements.entries()) {
        for (const change of changes) {
          if (change.kind === "drop-table") dropped.add(change.table.name);
          if (change.kind === "rename-table" && dropped.has(change.to)) {
            rebuilt.set(change.to, index);
          }
          if (change.kind === "create-trigger") rebuilt.delete(change.table.name);
        }
      }
      for (const [name, statement] of rebuilt) {
        // The view has the new table by now; what the old one had, it kept for this.
        const lost = view.droppedTriggers.get(name);
        if (lost !== undefined && lost.size === 0) continue;
        yield {
          message: `Writes "${name}" anew, and ${
            lost === undefined ? "any triggers of it" : `its triggers ${[...lost].join(", ")}`
          } are lost`,
          statement,
        };
      }
    },
  },
  {
    id: "non-strict-table",
    severity: "info",
    dialects: SQLITE,
    reason: "Its columns take values of any type.",
    instead: "End `create table` with STRICT.",
    on: {
      "create-table": ({ table, options, isDerived }, { version }) =>
        options.includes("strict") || isDerived || isBefore(version, 3, 37)
          ? undefined
          : `${shown(table)} is not strict`,
    },
  },
  {
    id: "without-autoincrement-reuse",
    severity: "info",
    dialects: SQLITE,
    reason:
      "The id of the last row, when it is deleted, is given to the next one: audits mix them up.",
    instead: "Use AUTOINCREMENT where ids are kept elsewhere.",
    on: {
      "create-table": ({ columns }) =>
        columns.filter(({ primaryKey, type, autoIncrement }) =>
          primaryKey && !autoIncrement && type?.name === "int"
        ).map(({ name }) => `Ids of "${name}" are used again`),
    },
  },
];

function cannot(table: ObjectName, what: string): Messages {
  return `SQLite cannot change ${what} of ${shown(table)}`;
}

function cannotAdd({ table, column }: ChangeOf<"add-column">, _: Site): Messages {
  const value = column.default;
  const why = column.primaryKey
    ? "a primary key"
    : column.unique
    ? "a unique column"
    : column.generated === "stored"
    ? "a stored column"
    : value !== undefined && !value.isConstant
    ? "a default that is not constant"
    : undefined;
  return why && `SQLite cannot add ${why} ("${column.name}") to ${shown(table)}`;
}

/** What SQLite's documentation has as the way to change a table. */
function rebuild({ name }: ObjectName): string {
  return [
    `In a migration with \`transaction: false\`: \`pragma foreign_keys = off\`; begin;`,
    `\`create table "new_${name}" (..)\` as it should be;`,
    `\`insert into "new_${name}" (..) select .. from "${name}"\`;`,
    `\`drop table "${name}"\`; \`alter table "new_${name}" rename to "${name}"\`;`,
    `create its indexes, triggers and views again; \`pragma foreign_key_check\`; commit;`,
    `\`pragma foreign_keys = on\``,
  ].join(" ");
}
