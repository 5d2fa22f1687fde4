import { sql } from "kysely";
import type { SchemaColumn } from "../../snapshot/schema_column.ts";
import type { SchemaTable } from "../../snapshot/schema_table.ts";
import { collate, lines, named, type Piece, spaced, written } from "./_writer.ts";

/** Options of a table that `with (..)` does not set. */
const OTHER_OPTIONS: ReadonlySet<string> = new Set([
  "unlogged",
  "access method",
  "replica identity",
]);

/** What `with (..)` sets. */
export function storage(options: Readonly<Record<string, string>>): Piece | undefined {
  const set = Object.entries(options).filter(([name]) => !OTHER_OPTIONS.has(name));
  if (set.length === 0) return undefined;
  return sql`with (${
    sql.join(set.map(([name, value]) => sql`${written(name)} = ${sql.lit(value)}`))
  })`;
}

/** Whether a check is written behind the table: only so it can be one that rows may break. */
export function isLate({ validated }: { readonly validated: boolean }): boolean {
  return !validated;
}

/** Returns the statements that create a table, without keys, references and indexes. */
export function createTable(
  table: SchemaTable,
  parent: (schema: string | null, name: string) => SchemaTable | undefined,
): Piece[] {
  const name = named(table.schema, table.name);
  const isPartition = table.partitioning.bound !== null;
  const columns = table.columns.filter(({ inherited }) => !inherited && !isPartition);
  const checks = table.checks.filter((check) => !check.inherited && !isLate(check));
  const parts = [
    ...columns.map(columnOf),
    ...checks.map((check) => sql`constraint ${sql.id(check.name!)} ${written(check.definition)}`),
  ];
  const parents = table.parents.map((parent) => named(parent.schema, parent.name));
  const create = spaced(
    sql`create`,
    table.options["unlogged"] === undefined ? undefined : sql`unlogged`,
    sql`table ${name}`,
    isPartition ? sql`partition of ${parents[0]!}` : undefined,
    isPartition && parts.length === 0 ? undefined : lines(parts),
    isPartition ? written(table.partitioning.bound!) : undefined,
    !isPartition && parents.length > 0 ? sql`inherits (${sql.join(parents)})` : undefined,
    table.partitioning.by === null
      ? undefined
      : sql`partition by ${written(table.partitioning.by)}`,
    table.options["access method"] === undefined
      ? undefined
      : sql`using ${sql.id(table.options["access method"])}`,
    storage(table.options),
  );
  const above = table.parents.flatMap(({ schema, name }) => parent(schema, name)?.columns ?? []);
  return [create, ...alterations(table, isPartition, above)];
}

/** Returns what a table has otherwise than the tables that it inherits from. */
function alterations(
  table: SchemaTable,
  isPartition: boolean,
  above: readonly SchemaColumn[],
): Piece[] {
  const result: Piece[] = [];
  for (const column of table.columns) {
    if (!isPartition && !column.inherited) continue;
    const inherited = above.find(({ name }) => name === column.name);
    if (inherited === undefined || column.generated !== null) continue;
    const alter = (change: Piece) =>
      result.push(
        sql`alter table only ${named(table.schema, table.name)} alter column ${
          sql.id(column.name)
        } ${change}`,
      );
    if (column.default !== inherited.default) {
      alter(
        column.default === null ? sql`drop default` : sql`set default ${written(column.default)}`,
      );
    }
    if (!column.nullable && inherited.nullable) alter(sql`set not null`);
  }
  return result;
}

function columnOf(column: SchemaColumn): Piece {
  const { generated, identity } = column;
  return spaced(
    sql.id(column.name),
    written(column.type.text),
    collate(column.collation),
    generated === null
      ? undefined
      : sql`generated always as (${written(generated.expression)}) ${
        generated.stored ? sql`stored` : sql`virtual`
      }`,
    identity === null ? undefined : sql`generated ${written(identity.kind)} as identity`,
    identity === null || identity.options === null
      ? undefined
      : sql`(${written(identity.options)})`,
    column.default === null ? undefined : sql`default ${written(column.default)}`,
    column.nullable ? undefined : sql`not null`,
  );
}
