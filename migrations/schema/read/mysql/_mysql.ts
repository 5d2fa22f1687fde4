import { BadRequestError } from "@kysera/core";
import { type Kysely, sql } from "kysely";
import type { SchemaRoutine } from "../../snapshot/schema_routine.ts";
import type { SchemaTable } from "../../snapshot/schema_table.ts";
import type { SchemaView } from "../../snapshot/schema_view.ts";
import { compareTexts, groupBy, sorted } from "../../snapshot/_order.ts";
import type { ReadSchema, ReadTarget, SchemaReader } from "../_reader.ts";
import {
  checkOf,
  columnOf,
  type Databases,
  eventOf,
  foreignKeyOf,
  indexesOf,
  partitioningOf,
  routineOf,
  tableOptions,
  triggersOf,
  typeOf,
  viewOptions,
} from "./_objects.ts";
import { type CatalogRows, readRows } from "./_rows.ts";
import { readSequences } from "./_sequences.ts";
import { withoutDatabase } from "./_text.ts";
import { variantOf } from "./_variant.ts";

/** Reads the schema of MariaDB, and of MySQL 8. */
export const mysqlReader: SchemaReader = {
  async read(db: Kysely<any>, { schemas }: ReadTarget): Promise<ReadSchema> {
    const { rows: [server] } = await sql<{ version: string; current: string | null }>`
      select version() as version, database() as current`.execute(db);
    const { version, current } = server!;
    const names = schemas ?? (current === null ? [] : [current]);
    const [defaultSchema] = names;
    if (defaultSchema === undefined) {
      throw new BadRequestError(
        'Cannot read schema: the connection has no database; name it in the option "schemas"',
      );
    }
    const variant = variantOf(version);
    const databases: Databases = {
      variant,
      nameOf: (schema) => schema === defaultSchema ? null : schema,
      textOf: (text) => withoutDatabase(text, defaultSchema),
    };
    const rows = await readRows(db, variant, sql.join(names));
    const { rows: existing } = await sql<{ name: string }>`
      select schema_name as name from information_schema.schemata
      where schema_name in (${sql.join(names)})`.execute(db);
    return {
      server: { name: variant.name, version: version.split("-")[0]! },
      defaultSchema,
      schemas: existing.map(({ name }) => databases.nameOf(name))
        .sort((a, b) => compareTexts(a ?? "", b ?? "")),
      tables: tablesOf(rows, databases),
      views: viewsOf(rows, databases),
      enums: [],
      domains: [],
      composites: [],
      ranges: [],
      sequences: await readSequences(
        db,
        rows.tables.filter(({ type }) => type === "SEQUENCE"),
        databases,
      ),
      routines: routinesOf(rows, databases),
      extensions: [],
    };
  },
};

/** Returns what belongs to each table, by its schema and name. */
function byTable<T extends { readonly schema: string; readonly table: string }>(
  rows: readonly T[],
): (table: { readonly schema: string; readonly name: string }) => T[] {
  const groups = groupBy(rows, ({ schema, table }) => JSON.stringify([schema, table]));
  return ({ schema, name }) => groups.get(JSON.stringify([schema, name])) ?? [];
}

const TABLES: ReadonlySet<string> = new Set(["BASE TABLE", "SYSTEM VERSIONED"]);

function tablesOf(rows: CatalogRows, databases: Databases): SchemaTable[] {
  const columns = byTable(rows.columns);
  const indexes = byTable(rows.indexes);
  const foreignKeys = byTable(rows.foreignKeys);
  const checks = byTable(rows.checks);
  const triggers = byTable(rows.triggers);
  const partitions = byTable(rows.partitions);
  return sorted(
    rows.tables.filter(({ type }) => TABLES.has(type)).map((row): SchemaTable => ({
      schema: databases.nameOf(row.schema),
      name: row.name,
      kind: "table",
      columns: columns(row).map((column) => columnOf(column, row.collation, databases)),
      ...indexesOf(indexes(row)),
      foreignKeys: sorted(
        [...groupBy(foreignKeys(row), ({ name }) => name).values()]
          .map((parts) => foreignKeyOf(parts, databases)),
      ),
      checks: sorted(checks(row).map((check) => checkOf(check))),
      exclusions: [],
      triggers: triggersOf(triggers(row)),
      rules: [],
      rowSecurity: { enabled: false, forced: false },
      policies: [],
      parents: [],
      partitioning: partitioningOf(partitions(row)),
      options: tableOptions(row),
      comment: row.comment === "" ? null : row.comment,
    })),
  );
}

function viewsOf(rows: CatalogRows, databases: Databases): SchemaView[] {
  const columns = byTable(rows.columns);
  return sorted(rows.views.map((row): SchemaView => ({
    schema: databases.nameOf(row.schema),
    name: row.name,
    materialized: false,
    definition: databases.textOf(row.definition),
    columns: columns(row).map((column) => ({
      name: column.name,
      type: typeOf(column),
      nullable: column.nullable === "YES",
      comment: column.comment === "" ? null : column.comment,
    })),
    options: viewOptions(row),
    indexes: [],
    triggers: [],
    comment: null,
  })));
}

function routinesOf(rows: CatalogRows, databases: Databases): SchemaRoutine[] {
  const parameters = groupBy(
    rows.parameters,
    ({ schema, kind, routine }) => JSON.stringify([schema, kind, routine]),
  );
  return sorted([
    ...rows.routines.map((row) =>
      routineOf(
        row,
        parameters.get(JSON.stringify([row.schema, row.kind, row.name])) ?? [],
        databases,
      )
    ),
    ...rows.events.map((row) => eventOf(row, databases)),
  ]);
}
