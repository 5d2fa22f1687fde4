import { DIALECTS } from "@kysera/core";
import type { ColumnDefinition, ObjectName } from "../read/_change.ts";
import type { TableView } from "../view/_schema_view.ts";
import { deletedColumnOf, hasName, isListed } from "./_plugin_tables.ts";
import {
  type EndSite,
  listed,
  type Messages,
  onColumns,
  type RuleDefinition,
  shown,
  type Site,
} from "./_rule.ts";

/** Parts of names of columns that hold secrets. */
const SECRET =
  /(?:password|passwd|secret|token|api_?key|private_?key|credential|ssn|iban|card_?number)/i;

/** Rules about tables of the plugins for soft deletion, audits and timestamps, and about cursors. */
export const PLUGIN_RULES: readonly RuleDefinition[] = [
  {
    id: "unique-with-soft-delete",
    severity: "error",
    dialects: DIALECTS,
    reason: "A row that is marked as deleted keeps its value: nobody can create it again.",
    instead:
      "PostgreSQL and SQLite: a unique index `where deleted_at is null`. MySQL: a unique index with a " +
      "generated column `if(deleted_at is null, 1, null)`.",
    *end({ plugins, view }) {
      for (const table of view.tables) {
        const column = deletedColumnOf(plugins, table.name, table);
        if (column === undefined) continue;
        for (const { columns, unique, isPartial, origin } of table.indexes) {
          if (!unique || isPartial || origin === undefined) continue;
          if (columns.includes(column) || columns.includes("(expression)")) continue;
          // MySQL: a generated column that is null for deleted rows.
          if (columns.some((name) => isMarker(name, column))) continue;
          yield {
            message: `Deleted rows of ${shown(table.name)} keep their ${listed(columns)}`,
            at: origin,
          };
        }
      }
    },
  },
  {
    id: "fk-cascade-soft-delete",
    severity: "warning",
    dialects: DIALECTS,
    reason: "Marking a row as deleted cascades to nothing, and removing it removes rows for good.",
    instead: "Use NO ACTION, and the option `relations` of softDeletePlugin().",
    *end({ plugins, view }) {
      for (const { name, foreignKeys } of view.tables) {
        for (const { references, onDelete, columns, origin } of foreignKeys) {
          if (origin === undefined || onDelete !== "cascade") continue;
          const target = view.table(references);
          if (deletedColumnOf(plugins, references, target) === undefined) continue;
          yield {
            message: `${listed(columns)} of ${shown(name)} cascades from ${
              shown(references)
            }, which is soft-deleted`,
            at: origin,
          };
        }
      }
    },
  },
  {
    id: "audited-table-without-key",
    severity: "error",
    dialects: DIALECTS,
    reason: "The audit log cannot say which row was changed.",
    instead: "Give the table a primary key.",
    on: {
      "create-table": ({ table, columns, constraints, temporary, isDerived }, { plugins }) =>
        !temporary && !isDerived && isAudited(plugins, table) &&
          !columns.some(({ primaryKey }) => primaryKey) &&
          !constraints.some(({ type }) => type === "primary-key")
          ? `Audits of ${shown(table)} cannot name a row`
          : undefined,
    },
  },
  {
    id: "audited-column-secret",
    severity: "warning",
    dialects: DIALECTS,
    reason: "Its values come into the audit log, where they stay.",
    instead: "Name it in `maskColumns` or `denyColumns` of auditPlugin().",
    on: onColumns(({ name }, { plugins }, table) => {
      const { audit } = plugins;
      if (audit === undefined || !SECRET.test(name) || !isAudited(plugins, table)) return undefined;
      const isHidden = [...audit.maskColumns ?? [], ...audit.denyColumns ?? []].includes(name) ||
        (audit.allowColumns !== undefined && !audit.allowColumns.includes(name));
      return isHidden ? undefined : `"${name}" of ${shown(table)} is audited as it is`;
    }),
  },
  {
    id: "keyset-index-missing",
    severity: "warning",
    dialects: DIALECTS,
    reason: "Each page sorts the whole table.",
    instead: "Create an index of the columns of the order, the unique one last.",
    *end({ plugins, view }) {
      for (const [name, orders] of Object.entries(plugins.keysets ?? {})) {
        const table = view.table(nameOf(name));
        if (table === undefined) continue;
        for (const order of orders) {
          const origin = table.origin ??
            order.map((column) => table.columns.get(column)?.origin).find((at) => at !== undefined);
          if (origin === undefined || isIndexedBy(table, order)) continue;
          yield {
            message: `No index has the order ${listed(order)} of ${shown(table.name)}`,
            at: origin,
          };
        }
      }
    },
  },
  {
    id: "timestamps-missing-or-mistyped",
    severity: "warning",
    dialects: DIALECTS,
    reason: "The plugin sets columns that are not there, or that do not hold a moment.",
    instead: "Give the table the columns, of a type that holds a moment, or exclude the table.",
    on: {
      "create-table": ({ table, columns, isDerived, temporary }, site) =>
        isDerived || temporary ? undefined : timestampsOf(table, columns, site),
      "add-column": ({ table, column }, site) => {
        const { timestamps } = site.plugins;
        const names = timestampNames(site);
        return timestamps !== undefined && names.includes(column.name) &&
            isListed(timestamps, table) !== false && !holdsMoment(column, site)
          ? mistyped(table, column)
          : undefined;
      },
    },
  },
];

function isMarker(name: string, column: string): boolean {
  return name.includes(column.replace(/_at$/, "")) ||
    /(?:^|_)(?:active|live|alive)(?:_|$)/.test(name);
}

function isAudited({ audit }: Site["plugins"], table: ObjectName): boolean {
  // Without a list the plugin audits every table.
  return audit !== undefined && (isListed(audit, table) ?? true);
}

/** Whether an index begins with an order, or the primary key does. */
export function isIndexedBy(
  { indexes, primaryKey }: TableView,
  order: readonly string[],
): boolean {
  return [
    primaryKey ?? [],
    ...indexes.filter(({ isPartial }) => !isPartial).map(({ columns }) => columns),
  ]
    .some((columns) => order.every((column, i) => columns[i] === column));
}

/** Reads a name as options have it. */
export function nameOf(text: string): ObjectName {
  const dot = text.indexOf(".");
  return dot < 0 ? { name: text } : { schema: text.slice(0, dot), name: text.slice(dot + 1) };
}

function timestampNames({ plugins: { timestamps } }: Pick<EndSite, "plugins">): string[] {
  if (timestamps === undefined) return [];
  const { createdAtColumn = "created_at", updatedAtColumn = "updated_at" } = timestamps;
  return [createdAtColumn, updatedAtColumn].filter((name) => name !== null);
}

function timestampsOf(
  table: ObjectName,
  columns: readonly ColumnDefinition[],
  site: Site,
): Messages {
  const { timestamps } = site.plugins;
  if (timestamps === undefined || hasName(timestamps.excludeTables, table)) return undefined;
  const isNamed = hasName(timestamps.tables, table);
  if (timestamps.tables !== undefined && !isNamed) return undefined;
  return timestampNames(site).flatMap((name) => {
    const column = columns.find((each) => each.name === name);
    // Without a list the plugin is for the tables that have the columns.
    if (column === undefined) return isNamed ? [`${shown(table)} has no column "${name}"`] : [];
    return holdsMoment(column, site) ? [] : [mistyped(table, column)];
  });
}

function mistyped(table: ObjectName, { name, type }: ColumnDefinition): string {
  return `"${name}" of ${shown(table)} is of the type ${type?.name ?? "nothing"}`;
}

function holdsMoment({ type }: ColumnDefinition, { dialect }: Site): boolean {
  // SQLite has no type for it.
  if (dialect === "sqlite") return true;
  return type !== undefined &&
    /^(?:timestamp|timestamptz|datetime|datetime2|datetimeoffset)$/.test(type.name);
}
