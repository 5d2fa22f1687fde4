import { type Dialect, DIALECTS } from "@kysera/core";
import { LEXES } from "../../sql/_lexis.ts";
import { tokensOf } from "../../sql/_tokens.ts";
import { isNarrower } from "../read/_type.ts";
import type { TypeName } from "../read/_change.ts";
import {
  isInUse,
  listed,
  onAddedConstraints,
  type RuleDefinition,
  shown,
  type Site,
} from "./_rule.ts";

/** How many columns an index may have. */
const MOST_INDEX_COLUMNS = 3;

/** Rules about what is lost, and about what programs that run do not expect. */
export const COMMON_RULES: readonly RuleDefinition[] = [
  {
    id: "drop-table",
    severity: "error",
    dialects: DIALECTS,
    reason: "Its rows are lost, and programs that still run fail.",
    instead:
      "Deploy programs that do not use the table, then drop it in a later migration that says so.",
    on: {
      "drop-table": ({ table }, site) =>
        isInUse(table, site) ? `Drops the table ${shown(table)}` : undefined,
    },
  },
  {
    id: "drop-column",
    severity: "error",
    dialects: DIALECTS,
    reason: "Its values are lost, and programs that still run fail.",
    instead:
      "Deploy programs that do not use the column, then drop it in a later migration that says so.",
    on: {
      "drop-column": ({ table, column }, site) =>
        isInUse(table, site) ? `Drops the column "${column}" of ${shown(table)}` : undefined,
    },
  },
  {
    id: "drop-schema",
    severity: "error",
    dialects: DIALECTS,
    reason: "Everything in it is lost.",
    instead: "Drop its tables one by one, in migrations that say so, and the empty schema last.",
    on: { "drop-schema": ({ schema }) => `Drops "${schema}" and everything in it` },
  },
  {
    id: "truncate-cascade",
    severity: "error",
    dialects: ["postgres"],
    reason: "It empties every table that refers to this one, whichever these are on that day.",
    instead: "Name the tables, without CASCADE: `truncate a, b`.",
    on: {
      truncate: ({ table, cascade }) =>
        cascade ? `Empties ${shown(table)} and every table that refers to it` : undefined,
    },
  },
  {
    id: "drop-foreign-key",
    severity: "warning",
    dialects: DIALECTS,
    reason: "Rows that refer to nothing can come into the table from now on.",
    instead: "Drop it together with the column, when no program uses that any more.",
    on: {
      "drop-constraint": ({ table, name, type }, site) => {
        const known = site.view.table(table);
        const isForeignKey = type === "foreign-key" ||
          known?.foreignKeys.some((key) => key.name === name) ||
          (known?.isWhole !== true && /(?:^|_)(?:fk|fkey|foreign)(?:_|$)/.test(name ?? ""));
        return isForeignKey && isInUse(table, site)
          ? `Drops the foreign key "${name}" of ${shown(table)}`
          : undefined;
      },
    },
  },
  {
    id: "drop-not-null",
    severity: "warning",
    dialects: DIALECTS,
    reason: "Programs that still run meet NULL where they expect a value.",
    instead: "Deploy programs that can read NULL before.",
    on: {
      "drop-not-null": ({ table, column }, site) =>
        isInUse(table, site) ? `Lets "${column}" of ${shown(table)} be null` : undefined,
      "modify-column": ({ table, column, from }, site) =>
        isInUse(table, site) && !column.notNull && !column.primaryKey &&
          site.view.table(table)?.columns.get(from)?.nullable === false
          ? `Lets "${column.name}" of ${shown(table)} be null`
          : undefined,
    },
  },
  {
    id: "rename-table",
    severity: "error",
    dialects: DIALECTS,
    reason: "During a deployment both versions of a program run, and one of them fails.",
    instead:
      "Create the new table, write to both, copy the rows in batches, switch, drop the old one; or " +
      "leave a view under the old name.",
    on: {
      "rename-table": ({ table, to }, site) =>
        isInUse(table, site) ? `Renames the table ${shown(table)} to "${to}"` : undefined,
    },
  },
  {
    id: "rename-column",
    severity: "error",
    dialects: DIALECTS,
    reason: "During a deployment both versions of a program run, and one of them fails.",
    instead:
      "Add the new column, write to both, copy the values in batches, switch, drop the old one.",
    on: {
      "rename-column": ({ table, column, to }, site) =>
        isInUse(table, site)
          ? `Renames the column "${column}" of ${shown(table)} to "${to}"`
          : undefined,
    },
  },
  {
    id: "add-required-column",
    severity: "error",
    dialects: ["postgres", "mysql", "mssql"],
    reason: "It fails on a table with rows, or fills them with a value that nobody chose.",
    instead:
      "Add the column without NOT NULL or with a default, fill it in batches, then set NOT NULL.",
    on: {
      "add-column": ({ table, column }, site) =>
        isInUse(table, site) && column.notNull && column.default === undefined &&
          column.generated === undefined && !column.autoIncrement && !isSerial(column.type)
          ? `Adds "${column.name}" to ${shown(table)}, NOT NULL without a default`
          : undefined,
    },
  },
  {
    id: "set-not-null",
    severity: "warning",
    dialects: ["postgres", "mysql", "mssql"],
    reason: "It fails if one row has no value.",
    instead: "Fill the column in batches, and count what is still NULL before.",
    on: {
      "set-not-null": ({ table, column }, site) =>
        isInUse(table, site) && !isCheckedNotNull(site.view.table(table), column)
          ? `Sets "${column}" of ${shown(table)} NOT NULL`
          : undefined,
      "modify-column": ({ table, column, from }, site) =>
        isInUse(table, site) && column.notNull &&
          site.view.table(table)?.columns.get(from)?.nullable !== false
          ? `Sets "${column.name}" of ${shown(table)} NOT NULL`
          : undefined,
    },
  },
  {
    id: "unique-on-existing",
    severity: "warning",
    dialects: DIALECTS,
    reason: "It fails if two rows have the same value.",
    instead: "Look for duplicates before, and remove them in a migration of its own.",
    on: {
      ...onAddedConstraints((constraint, _, table) =>
        constraint.type === "unique" && !constraint.usingIndex
          ? `Makes ${listed(constraint.columns)} of ${shown(table)} unique`
          : undefined
      ),
      "create-index": ({ table, index }, site) =>
        index.unique && isInUse(table, site)
          ? `Makes ${listed(index.columns)} of ${shown(table)} unique`
          : undefined,
    },
  },
  {
    id: "narrow-type",
    severity: "error",
    dialects: DIALECTS,
    reason: "Values that do not fit make it fail, or are cut off.",
    instead: "Add a column of the new type, copy in batches what fits, switch, drop the old one.",
    on: {
      "alter-type": ({ table, column, type }, site) =>
        isInUse(table, site)
          ? narrowing(site.view.table(table)?.columns.get(column)?.type, type, column)
          : undefined,
      "modify-column": ({ table, column, from }, site) =>
        isInUse(table, site) && column.type !== undefined
          ? narrowing(site.view.table(table)?.columns.get(from)?.type, column.type, column.name)
          : undefined,
    },
  },
  {
    id: "int-primary-key",
    severity: "warning",
    dialects: ["postgres", "mysql", "mssql"],
    reason: "A key of 32 bits runs out of values at about 2,147 million rows.",
    instead:
      "Use `bigint`: making a key wider later rewrites the table and those that refer to it.",
    on: {
      "create-table": ({ columns, constraints }) => {
        const keys = constraints.filter(({ type }) => type === "primary-key")
          .flatMap((constraint) => constraint.columns.length === 1 ? constraint.columns : []);
        return columns
          .filter(({ name, primaryKey, type, references }) =>
            (primaryKey || keys.includes(name)) && references === undefined &&
            SMALL_KEYS.has(type?.name ?? "")
          )
          .map(({ name, type }) => `The key "${name}" is of the type ${type!.name}`);
      },
    },
  },
  {
    id: "no-primary-key",
    severity: "warning",
    dialects: DIALECTS,
    reason:
      "Rows cannot be told apart: replication, batches, audits and cursors of lists need a key.",
    instead: "Give the table a primary key.",
    on: {
      "create-table": ({ table, columns, constraints, isDerived, temporary }) =>
        isDerived || temporary || columns.some(({ primaryKey }) => primaryKey) ||
          constraints.some(({ type }) => type === "primary-key")
          ? undefined
          : `Creates ${shown(table)} without a primary key`,
    },
  },
  {
    id: "unindexed-foreign-key",
    severity: "warning",
    dialects: ["postgres", "sqlite", "mssql"],
    reason:
      "Each delete, and each change of the key, of a row of the other table reads this one whole.",
    instead: "Create an index that begins with the columns of the foreign key.",
    *end({ view }) {
      for (const { name, foreignKeys, indexes, primaryKey } of view.tables) {
        for (const { columns, origin } of foreignKeys) {
          if (origin === undefined) continue;
          const isIndexed = [primaryKey ?? [], ...indexes.map((index) => index.columns)]
            .some((indexed) =>
              columns.every((column) =>
                indexed.indexOf(column) < columns.length &&
                indexed.includes(column)
              )
            );
          if (isIndexed) continue;
          yield {
            message: `No index begins with ${listed(columns)} of ${shown(name)}`,
            at: origin,
          };
        }
      }
    },
  },
  {
    id: "duplicate-index",
    severity: "warning",
    dialects: DIALECTS,
    reason: "Each write has to change both, and reads need one of them only.",
    instead: "Drop one of the two, or do not create the other.",
    on: {
      "create-index": ({ table, index }, site) => {
        if (index.where !== undefined || index.method !== undefined) return undefined;
        if (index.columns.length === 0 || index.columns.includes("(expression)")) return undefined;
        const known = site.view.table(table);
        const key = known?.primaryKey?.length
          ? [{
            name: "the primary key",
            columns: known.primaryKey,
            isPartial: false,
            isInvalid: false,
            unique: true,
          }]
          : [];
        const same = [...key, ...known?.indexes ?? []].find((other) =>
          !other.isPartial && other.isInvalid !== true &&
          other.columns.length >= index.columns.length &&
          index.columns.every((column, i) => other.columns[i] === column) &&
          (!index.unique || (other.unique && other.columns.length === index.columns.length))
        );
        return same &&
          `${listed(index.columns)} of ${shown(table)} is what ${
            same.name === undefined ? "a unique constraint" : `"${same.name}"`
          } begins with`;
      },
    },
  },
  {
    id: "wide-index",
    severity: "info",
    dialects: DIALECTS,
    reason: "Reads seldom use more than the first columns, and each write pays for all.",
    instead: `Index at most ${MOST_INDEX_COLUMNS} columns, or include the others (INCLUDE).`,
    on: {
      "create-index": ({ index }) =>
        !index.unique && index.columns.length > MOST_INDEX_COLUMNS
          ? `The index "${index.name}" has ${index.columns.length} columns`
          : undefined,
    },
  },
  {
    id: "identifier-too-long",
    severity: "error",
    dialects: ["postgres", "mysql"],
    reason: "PostgreSQL cuts names off in silence, so that two may become one; MySQL refuses them.",
    instead: "Use at most 63 bytes on PostgreSQL, and 64 characters on MySQL.",
    // By the text: a parser cuts names off, too.
    *migration({ statements }, { dialect }) {
      for (const [statement, { sql, changes }] of statements.entries()) {
        if (changes.length === 0) continue;
        const names = [...tokensOf(sql, LEXES[dialect])]
          .filter(({ kind }) => kind === "word" || kind === "name")
          .filter(({ text }) => isTooLong(text, dialect));
        for (const name of new Set(names.map(({ text }) => text))) {
          yield { message: `The name "${name}" is too long`, statement };
        }
      }
    },
  },
  {
    id: "naming",
    severity: "off",
    dialects: DIALECTS,
    reason: "Names of one kind are easier to remember and need no quotes.",
    instead: "Write names in lower case, with digits and underscores.",
    on: onNames((name) =>
      /^[a-z_][a-z0-9_]*$/.test(name) ? undefined : `The name "${name}" is not in snake case`
    ),
  },
];

const SMALL_KEYS: ReadonlySet<string> = new Set([
  "int",
  "smallint",
  "mediumint",
  "tinyint",
  "serial",
  "smallserial",
]);

function isTooLong(name: string, dialect: Dialect): boolean {
  return dialect === "postgres"
    ? new TextEncoder().encode(name).length > 63
    : [...name].length > 64;
}

function isSerial(type: TypeName | undefined): boolean {
  return type !== undefined && /^(?:small|big)?serial$/.test(type.name);
}

/** Whether a CHECK that was validated says already that a column is not null. */
export function isCheckedNotNull(
  table: {
    readonly notNullChecks: ReadonlyMap<string, { columns: readonly string[]; isValid: boolean }>;
  } | undefined,
  column: string,
): boolean {
  return [...table?.notNullChecks.values() ?? []]
    .some(({ columns, isValid }) => isValid && columns.includes(column));
}

function narrowing(from: TypeName | undefined, to: TypeName, column: string): string | undefined {
  return from !== undefined && isNarrower(from, to)
    ? `Values of "${column}" (${from.name}) may not fit into ${to.name}`
    : undefined;
}

/** Returns a check of each name that something is given. */
function onNames(
  check: (name: string, site: Site) => string | undefined,
): NonNullable<RuleDefinition["on"]> {
  const said = (site: Site, ...names: readonly (string | undefined)[]): string[] =>
    names.flatMap((name) => name === undefined ? [] : check(name, site) ?? []);
  return {
    "create-table": ({ table, columns, constraints }, site) =>
      said(site, table.name, ...[...columns, ...constraints].map(({ name }) => name)),
    "add-column": ({ column }, site) => said(site, column.name),
    "add-constraint": ({ constraint }, site) => said(site, constraint.name),
    "create-index": ({ index }, site) => said(site, index.name),
    "rename-table": ({ to }, site) => said(site, to),
    "rename-column": ({ to }, site) => said(site, to),
  };
}
