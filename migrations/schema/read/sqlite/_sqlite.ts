import { type Kysely, sql } from "kysely";
import type { SchemaColumn } from "../../snapshot/schema_column.ts";
import type { SchemaTable } from "../../snapshot/schema_table.ts";
import type { SchemaType } from "../../snapshot/schema_type.ts";
import type { SchemaView } from "../../snapshot/schema_view.ts";
import { groupBy, sorted } from "../../snapshot/_order.ts";
import { LEXES } from "../../../sql/_lexis.ts";
import type { ReadSchema, ReadTarget, SchemaReader } from "../_reader.ts";
import { type ViewDialect, withNullability } from "../_view_nullability.ts";
import {
  parseCreateIndex,
  parseCreateTrigger,
  parseCreateView,
  parseCreateVirtualTable,
} from "./_create_other.ts";
import { parseCreateTable, type ParsedTable, quoted } from "./_create_table.ts";

/** Reads the schema of SQLite, 3.37 and later. */
export const sqliteReader: SchemaReader = {
  async read(db: Kysely<any>, { schemas }: ReadTarget): Promise<ReadSchema> {
    const names = schemas ?? ["main"];
    const { rows: [server] } = await sql<{ version: string; found: string }>`
      select sqlite_version() as version, group_concat(name, char(10)) as found
      from pragma_database_list`.execute(db);
    const found = new Set(server!.found.split("\n"));
    const read: Pick<SchemaTables, "tables" | "views"> = { tables: [], views: [] };
    const existing = names.filter((name) => found.has(name));
    for (const schema of existing) {
      const { tables, views } = await readOne(db, schema, schema === names[0] ? null : schema);
      read.tables.push(...tables);
      read.views.push(...views);
    }
    return {
      server: { name: "SQLite", version: server!.version },
      defaultSchema: names[0]!,
      schemas: existing.map((name) => name === names[0] ? null : name),
      tables: sorted(read.tables),
      views: withNullability(sorted(read.views), read.tables, VIEWS),
      enums: [],
      domains: [],
      composites: [],
      ranges: [],
      sequences: [],
      routines: [],
      extensions: [],
    };
  },
};

const VIEWS: ViewDialect = {
  lexis: LEXES.sqlite,
  fold: (name) => name.toLowerCase(),
  bareColumns: true,
  readsOwnSchema: true,
};

/** The tables and views of one schema. */
interface SchemaTables {
  readonly tables: SchemaTable[];
  readonly views: SchemaView[];
}

/** A row of `sqlite_master`. */
interface MasterRow {
  readonly type: "table" | "view" | "index" | "trigger";
  readonly name: string;
  readonly table: string;
  readonly sql: string | null;
}

/** A row of `pragma table_xinfo`. */
interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly notnull: number | bigint;
  readonly default: string | null;
  readonly pk: number | bigint;
  readonly hidden: number | bigint;
}

/** A row of `pragma table_list`. */
interface ListRow {
  readonly name: string;
  readonly type: "table" | "view" | "shadow" | "virtual";
  readonly without_rowid: number | bigint;
  readonly strict: number | bigint;
}

async function readOne(
  db: Kysely<any>,
  schema: string,
  schemaName: string | null,
): Promise<SchemaTables> {
  const master = sql.id(schema, "sqlite_master");
  const { rows } = await sql<MasterRow>`
    select type, name, tbl_name as "table", sql from ${master}
    where name not like 'sqlite!_%' escape '!' order by rowid`.execute(db);
  const { rows: list } = await sql<ListRow>`
    select name, type, wr as without_rowid, strict from pragma_table_list
    where schema = ${schema}`.execute(db);
  const kinds = new Map(list.map((row) => [row.name, row]));
  const { rows: tableColumns } = await sql<ColumnRow>`
    select m.name as "table", p.name as name, p.type as type, p."notnull" as "notnull",
      p.dflt_value as "default", p.pk as pk, p.hidden as hidden
    from ${master} as m, pragma_table_xinfo(m.name, ${schema}) as p
    where m.type = 'table' and m.name not like 'sqlite!_%' escape '!'
    order by m.name, p.cid`.execute(db);
  const columns = groupBy(
    [...tableColumns, ...await readViewColumns(db, schema, rows)],
    ({ table }) => table,
  );
  const indexes = groupBy(rows.filter(({ type }) => type === "index"), ({ table }) => table);
  const triggers = groupBy(
    rows.filter(({ type }) => type === "trigger"),
    ({ table }) => table.toLowerCase(),
  );
  const triggersOf = (name: string) =>
    sorted(
      (triggers.get(name.toLowerCase()) ?? []).map((row) => parseCreateTrigger(row.name, row.sql!)),
    );

  const tables = rows.filter(({ type, name }) =>
    type === "table" && kinds.get(name)?.type !== "shadow"
  );
  const parsed = new Map(tables.map((row) => [row.name.toLowerCase(), parsedOf(row)]));
  return {
    tables: tables.map((row): SchemaTable => {
      const { strict, without_rowid, type } = kinds.get(row.name)!;
      const definition = parsed.get(row.name.toLowerCase())!;
      const isVirtual = type === "virtual";
      const isWithoutRowid = Number(without_rowid) === 1;
      const options: Record<string, string> = {};
      if (Number(strict) === 1) options["strict"] = "true";
      if (isVirtual) options["using"] = parseCreateVirtualTable(row.sql!);
      else if (isWithoutRowid) options["without rowid"] = "true";
      return {
        schema: schemaName,
        name: row.name,
        kind: isVirtual ? "virtual" : "table",
        columns: columnsOf(columns.get(row.name) ?? [], definition, isWithoutRowid),
        ...constraintsOf(definition, parsed),
        exclusions: [],
        indexes: sorted(
          (indexes.get(row.name) ?? []).flatMap(({ name, sql }) =>
            sql === null ? [] : [parseCreateIndex(name, sql)]
          ),
        ),
        triggers: triggersOf(row.name),
        rules: [],
        rowSecurity: { enabled: false, forced: false },
        policies: [],
        parents: [],
        partitioning: { by: null, bound: null },
        options,
        comment: null,
      };
    }),
    views: rows.filter(({ type }) => type === "view").map((row): SchemaView => ({
      schema: schemaName,
      name: row.name,
      materialized: false,
      definition: parseCreateView(row.sql!),
      columns: (columns.get(row.name) ?? []).map(({ name, type }) => ({
        name,
        type: typeOf(type),
        nullable: null,
        comment: null,
      })),
      options: {},
      indexes: [],
      triggers: triggersOf(row.name),
      comment: null,
    })),
  };
}

/** Reads the columns of views. A view that reads what is not there any more has none. */
async function readViewColumns(
  db: Kysely<any>,
  schema: string,
  rows: readonly MasterRow[],
): Promise<ColumnRow[]> {
  const read = async (names: readonly string[]): Promise<ColumnRow[]> => {
    const { rows } = await sql<ColumnRow>`
      select m.name as "table", p.name as name, p.type as type, 0 as "notnull",
        null as "default", 0 as pk, 0 as hidden
      from ${sql.id(schema, "sqlite_master")} as m, pragma_table_xinfo(m.name, ${schema}) as p
      where m.type = 'view' and m.name in (select value from json_each(${JSON.stringify(names)}))
      order by m.name, p.cid`.execute(db);
    return rows;
  };
  const names = rows.filter(({ type }) => type === "view").map(({ name }) => name);
  if (names.length === 0) return [];
  try {
    return await read(names);
  } catch {
    // One of them is broken, and SQLite does not say which.
    const each: ColumnRow[] = [];
    for (const name of names) each.push(...await read([name]).catch(() => []));
    return each;
  }
}

const NOTHING: ParsedTable = {
  columns: new Map(),
  primaryKey: null,
  autoincrement: false,
  descendingKey: false,
  uniques: [],
  foreignKeys: [],
  checks: [],
};

function parsedOf({ sql }: MasterRow): ParsedTable {
  return sql === null || /^create\s+virtual\s/i.test(sql) ? NOTHING : parseCreateTable(sql);
}

function typeOf(declared: string): SchemaType {
  const text = declared.trim();
  const at = text.indexOf("(");
  const name = (at < 0 ? text : text.slice(0, at)).trim().toLowerCase();
  return { text, name, schema: null, kind: "base", array: false, values: [] };
}

/** What `pragma table_xinfo` says of a column that it hides. */
const HIDDEN = 1;
const VIRTUAL = 2;
const STORED = 3;

function columnsOf(
  rows: readonly ColumnRow[],
  table: ParsedTable,
  isWithoutRowid: boolean,
): SchemaColumn[] {
  const keys = rows.filter(({ pk }) => Number(pk) > 0);
  return rows.map((row): SchemaColumn => {
    const written = table.columns.get(row.name.toLowerCase());
    const hidden = Number(row.hidden);
    // `integer primary key desc` is, for historical reasons, no name for the row's number.
    const isRowid = !isWithoutRowid && keys.length === 1 && keys[0] === row &&
      row.type.toLowerCase() === "integer" && !table.descendingKey;
    return {
      name: row.name,
      type: typeOf(row.type),
      nullable: Number(row.notnull) === 0 && !isRowid,
      default: row.default,
      onUpdate: null,
      generated: hidden === VIRTUAL || hidden === STORED
        ? { expression: written?.generated ?? "", stored: hidden === STORED }
        : null,
      identity: isRowid
        ? { kind: table.autoincrement ? "auto increment" : "rowid", options: null }
        : null,
      collation: written?.collation ?? null,
      hidden: hidden === HIDDEN,
      inherited: false,
      comment: null,
    };
  });
}

function constraintsOf(
  table: ParsedTable,
  all: ReadonlyMap<string, ParsedTable>,
): Pick<SchemaTable, "primaryKey" | "uniques" | "foreignKeys" | "checks"> {
  const rest = { inherited: false, comment: null };
  const list = (columns: readonly string[]) => columns.map(quoted).join(", ");
  return {
    primaryKey: table.primaryKey === null ? null : { ...table.primaryKey, ...rest },
    uniques: sorted(table.uniques.map((unique) => ({ ...unique, ...rest }))),
    foreignKeys: sorted(table.foreignKeys.map((key) => {
      const referencedColumns = key.referencedColumns.length > 0
        ? key.referencedColumns
        : all.get(key.referencedTable.toLowerCase())?.primaryKey?.columns ?? [];
      return {
        name: key.name,
        columns: key.columns,
        referencedSchema: null,
        referencedTable: key.referencedTable,
        referencedColumns,
        onUpdate: key.onUpdate,
        onDelete: key.onDelete,
        deferrable: key.deferrable,
        validated: true,
        definition: `foreign key (${list(key.columns)}) references ${
          quoted(key.referencedTable)
        } (${list(referencedColumns)}) on delete ${key.onDelete} on update ${key.onUpdate}${
          key.deferrable === "no" ? "" : ` deferrable ${key.deferrable}`
        }`,
        ...rest,
      };
    })),
    checks: sorted(table.checks.map((check) => ({ ...check, validated: true, ...rest }))),
  };
}
