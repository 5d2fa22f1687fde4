import { RLSSchemaError } from "../contract/errors.ts";
import type { ColumnRule } from "../contract/policy.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";
import { identifier } from "./_compile.ts";
import type { NativeSettings } from "./_settings.ts";
import type { NativeTable } from "./_statements.ts";

/** Grants of the columns of a table, where its schema has rules for columns. */
export function grantStatements(
  { table, columns: rules }: CompiledTable,
  { sql }: NativeTable,
  { roles, columns }: NativeSettings,
): string[] {
  const names = Object.keys(rules);
  if (names.length === 0) return [];
  const all = columns[table];
  if (roles.length === 0 || all === undefined) {
    throw new RLSSchemaError(
      `${table}.columns`,
      `rules for columns become grants: give the options "roles", and "columns" with all columns of ` +
        `table "${table}"`,
    );
  }
  const missing = names.find((name) => !all.includes(name));
  if (missing !== undefined) {
    throw new RLSSchemaError(`options.columns.${table}`, `column "${missing}" is missing`);
  }
  const readable = all.filter((name) => mayRead(rules[name], `${table}.columns.${name}`));
  const writable = all.filter((name) => mayWrite(rules[name], `${table}.columns.${name}`));
  const list = (columns: readonly string[]): string =>
    `(${columns.map((name) => identifier(name)).join(", ")})`;
  const to = roles.map((role) => identifier(role)).join(", ");
  return [
    // A grant of the table would be one of all of its columns.
    `revoke select, insert, update on ${sql} from ${to}`,
    ...(["select", "insert", "update"] as const).map((verb) =>
      `revoke ${verb} ${list(all)} on ${sql} from ${to}`
    ),
    ...(readable.length === 0 ? [] : [`grant select ${list(readable)} on ${sql} to ${to}`]),
    ...(writable.length === 0
      ? []
      : [`grant insert ${list(writable)}, update ${list(writable)} on ${sql} to ${to}`]),
    `grant delete on ${sql} to ${to}`,
  ];
}

function mayRead(rule: ColumnRule<any> | undefined, path: string): boolean {
  const read = rule?.read ?? true;
  if (typeof read === "boolean") return read;
  throw new RLSSchemaError(
    `${path}.read`,
    "PostgreSQL grants a column for all rows or for none: only true and false can be written as a grant",
  );
}

function mayWrite(rule: ColumnRule<any> | undefined, path: string): boolean {
  const write = rule?.write ?? true;
  if (typeof write === "boolean") return write;
  throw new RLSSchemaError(
    `${path}.write`,
    "PostgreSQL grants a column to roles of its own: only true and false can be written as a grant",
  );
}
