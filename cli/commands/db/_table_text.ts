import type { SchemaColumn, SchemaTable, SchemaView } from "@kysera/migrations/schema";
import type { Colors } from "../../terminal/_colors.ts";
import { plainText, table } from "../../terminal/_table.ts";

/** Shows a table. */
export function tableText(of: SchemaTable, isDetailed: boolean, colors: Colors): string {
  const { bold } = colors;
  const columns = table(
    ["Column", "Type", "Null", "Default", "Key"],
    of.columns.map((column) => [
      column.name,
      column.type.text,
      column.nullable ? "yes" : "no",
      defaultOf(column),
      keyOf(of, column.name),
    ]),
    colors.dim,
  );
  const title = `${bold(plainText(of.name))}${of.kind === "table" ? "" : ` (${of.kind})`}`;
  return [title, indent(columns), ...isDetailed ? detailsOf(of, colors) : []].join("\n");
}

/** Shows a view. */
export function viewText(of: SchemaView, isDetailed: boolean, { bold, dim }: Colors): string {
  const columns = table(
    ["Column", "Type"],
    of.columns.map(({ name, type }) => [name, type.text]),
    dim,
  );
  const title = `${bold(plainText(of.name))} (${of.materialized ? "materialized view" : "view"})`;
  const details = isDetailed ? [indent(dim("Query")), indent(indent(of.definition.trim()))] : [];
  return [title, indent(columns), ...details].join("\n");
}

function defaultOf({ default: value, generated, identity }: SchemaColumn): string {
  if (generated !== null) return `= ${generated.expression}`;
  return identity === null ? value ?? "" : identity.kind;
}

function keyOf({ primaryKey, uniques, foreignKeys }: SchemaTable, column: string): string {
  return [
    primaryKey?.columns.includes(column) ? "primary" : "",
    uniques.some(({ columns }) => columns.includes(column)) ? "unique" : "",
    ...foreignKeys.filter(({ columns }) => columns.includes(column))
      .map(({ referencedTable }) => `-> ${referencedTable}`),
  ].filter((word) => word !== "").join(", ");
}

function detailsOf(of: SchemaTable, { dim }: Colors): string[] {
  const parts: [title: string, lines: readonly string[]][] = [
    ["Indexes", of.indexes.map(({ name, definition }) => `${name}: ${definition}`)],
    ["Foreign keys", of.foreignKeys.map(named)],
    ["Checks", of.checks.map(named)],
    [
      "Triggers",
      of.triggers.map(({ name, timing, events }) => `${name}: ${timing} ${events.join(" or ")}`),
    ],
    ["Policies", of.policies.map(({ name, command }) => `${name} for ${command}`)],
  ];
  return parts.filter(([, lines]) => lines.length > 0).map(([title, lines]) =>
    indent([dim(title), ...lines.map((line) => `  ${plainText(line)}`)].join("\n"))
  );
}

function named(of: { readonly name: string | null; readonly definition: string }): string {
  return of.name === null ? of.definition : `${of.name}: ${of.definition}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
