import type { Dialect } from "@kysera/core";
import type { LintPlugins } from "../contract/lint_plugins.ts";
import type { LintRule } from "../contract/lint_rule.ts";
import type { MigrationWithMeta } from "../../migration.ts";
import type {
  Change,
  ChangeOf,
  ColumnDefinition,
  ConstraintDefinition,
  ObjectName,
} from "../read/_change.ts";
import type { Origin, SchemaView } from "../view/_schema_view.ts";
import type { ServerVersion } from "../view/_version.ts";

/** A statement of a migration, and what it does. */
export interface LintedStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly changes: readonly Change[];
  readonly unread: string | undefined;
  readonly line: number | undefined;
}

/** A pending migration. */
export interface LintedMigration {
  readonly migration: MigrationWithMeta;
  readonly transaction: boolean;
  readonly statements: readonly LintedStatement[];
  readonly readsData: boolean;
  readonly endsBecause: string | undefined;
}

/** What a rule is asked about, beside a change. */
export interface Site {
  readonly dialect: Dialect;
  readonly version: ServerVersion;
  readonly plugins: LintPlugins;
  /** Whether the runner limits how long statements wait for a lock. */
  readonly limitsLocks: boolean;
  readonly migration: LintedMigration;
  /** The schema before the statement; behind the last one for a rule about a migration. */
  readonly view: SchemaView;
  /** The place of the statement in the migration, from 0 on. */
  readonly index: number;
}

/** The messages of what a rule finds in a change: one, several, or none. */
export type Messages = string | undefined | readonly string[];

/** A finding of a rule that looks at the whole migration, or the whole run. */
export interface RuleFinding {
  readonly message: string;
  /** The place of the statement, from 0 on; `undefined` where none is meant. */
  readonly statement?: number | undefined;
}

/** What is asked when all migrations were read. */
export interface EndSite {
  readonly dialect: Dialect;
  readonly version: ServerVersion;
  readonly plugins: LintPlugins;
  readonly migrations: readonly LintedMigration[];
  /** The schema behind the last migration. */
  readonly view: SchemaView;
}

/** What a server says of a statement, which decides whether a rule is right. */
export type Evidence = "rewrite" | "blocks-writes" | "copies";

/** How a rule is checked. */
export interface RuleDefinition extends LintRule {
  /** Checks each kind of change. */
  readonly on?: { readonly [K in Change["kind"]]?: (change: ChangeOf<K>, site: Site) => Messages };
  /** Checks a migration as a whole. */
  readonly migration?: (migration: LintedMigration, site: Site) => Iterable<RuleFinding>;
  /** Checks the schema behind the last migration. */
  readonly end?: (site: EndSite) => Iterable<{ readonly message: string; readonly at: Origin }>;
  /** Returns how it is done safely, where that depends on the change. */
  readonly recipe?: (change: Change, site: Site) => string | undefined;
  /** What a server can confirm or refute. */
  readonly claims?: Evidence;
}

/** Whether a change of a table disturbs those who use it. */
export function isInUse(table: ObjectName, { view }: Site): boolean {
  return !view.isNew(table);
}

/** Returns a check that is made of each column that is defined, with the table's change. */
export function onColumns(
  check: (column: ColumnDefinition, site: Site, table: ObjectName) => string | undefined,
): NonNullable<RuleDefinition["on"]> {
  return {
    "create-table": ({ columns, table }, site) =>
      columns.flatMap((column) => check(column, site, table) ?? []),
    "add-column": ({ column, table }, site) => check(column, site, table),
    "modify-column": ({ column, table }, site) => check(column, site, table),
    "alter-type": ({ column, type, table }, site) =>
      check({ ...UNKNOWN_COLUMN, name: column, type }, site, table),
  };
}

const UNKNOWN_COLUMN: ColumnDefinition = {
  name: "",
  type: undefined,
  notNull: false,
  primaryKey: false,
  unique: false,
  autoIncrement: false,
  check: false,
  isPlaced: false,
};

/** Returns a check that is made of each constraint of a table that is in use. */
export function onAddedConstraints(
  check: (
    constraint: AddedConstraint,
    site: Site,
    table: ObjectName,
  ) => string | undefined,
): NonNullable<RuleDefinition["on"]> {
  return {
    "add-constraint": ({ constraint, table }, site) =>
      isInUse(table, site)
        ? check({ ...constraint, isOfEmptyColumn: false }, site, table)
        : undefined,
    "add-column": ({ column, table }, site) => {
      if (!isInUse(table, site)) return undefined;
      return constraintsOf(column).flatMap((constraint) => check(constraint, site, table) ?? []);
    },
  };
}

/** A constraint that is added to a table. */
export interface AddedConstraint extends ConstraintDefinition {
  /** Whether it comes with a column that is NULL in all rows. */
  readonly isOfEmptyColumn: boolean;
}

/** The constraints that a column brings with it. */
function constraintsOf(column: ColumnDefinition): AddedConstraint[] {
  const base = {
    columns: [column.name],
    notValid: false,
    usingIndex: false,
    notNullColumns: [],
    isOfEmptyColumn: column.generated === undefined && (column.default?.isNull ?? true),
  };
  return [
    ...column.primaryKey ? [{ ...base, type: "primary-key" as const }] : [],
    ...column.unique ? [{ ...base, type: "unique" as const }] : [],
    ...column.check ? [{ ...base, type: "check" as const }] : [],
    ...column.references === undefined
      ? []
      : [{ ...base, type: "foreign-key" as const, references: column.references }],
  ];
}

/** A name as messages show it. */
export function shown({ schema, name }: ObjectName): string {
  return schema === undefined ? `"${name}"` : `"${schema}"."${name}"`;
}

/** A list of names as messages show it. */
export function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
