import type { Lexis } from "../../sql/_lexis.ts";
import type { SchemaTable } from "../../schema/snapshot/schema_table.ts";
import { Reader } from "../read/_reader.ts";
import { notNullsOf } from "../read/_column.ts";
import { typeOf } from "../read/_type.ts";
import type { IndexView, TableView } from "./_schema_view.ts";

/** Returns what the catalog knows of a table, as rules look at it. */
export function tableView(table: SchemaTable, isEmpty: boolean, lexis: Lexis): TableView {
  return {
    name: { name: table.name, schema: table.schema ?? undefined },
    origin: undefined,
    isEmpty,
    isWhole: true,
    isTemporary: false,
    columns: new Map(
      table.columns.map(({ name, type, nullable }) => [
        name,
        { type: typeOf(Reader.of(type.text, lexis)), nullable },
      ]),
    ),
    primaryKey: table.primaryKey?.columns ?? [],
    indexes: [
      ...table.uniques.map(({ name, columns }): IndexView => ({
        name: name ?? undefined,
        columns,
        unique: true,
        isPartial: false,
      })),
      ...table.indexes.map(({ name, unique, parts, predicate, valid }): IndexView => ({
        name,
        columns: parts.map(({ column }) => column ?? "(expression)"),
        unique,
        isPartial: predicate !== null,
        isInvalid: !valid,
      })),
    ],
    foreignKeys: table.foreignKeys.map((key) => ({
      name: key.name ?? undefined,
      columns: key.columns,
      references: { name: key.referencedTable, schema: key.referencedSchema ?? undefined },
      onDelete: key.onDelete,
    })),
    notNullChecks: new Map(
      table.checks.flatMap(({ name, expression, validated }) => {
        const columns = notNullsOf(Reader.of(expression, lexis));
        return name === null || columns.length === 0
          ? []
          : [[name, { columns, isValid: validated }]];
      }),
    ),
    triggers: new Set(table.triggers.map(({ name }) => name)),
    isForced: table.rowSecurity.forced,
    policies: [],
    before: { hasPolicies: table.policies.length > 0, isSecured: table.rowSecurity.enabled },
  };
}
