import {
  type DatabaseIntrospector,
  type DatabaseMetadataOptions,
  type Kysely,
  type SchemaMetadata,
  sql,
  type TableMetadata,
} from "kysely";

/** The tables of Kysely's own migrator, which are left out unless they are asked for. */
const MIGRATIONS = ["kysely_migration", "kysely_migration_lock"];

interface ColumnRow {
  readonly table: string;
  readonly type: string;
  readonly column: string;
  readonly data_type: string;
  readonly notnull: number;
  readonly defaulted: number;
  readonly pk: number;
}

/** Kysely's introspector reads the tables of Cloudflare itself as well, which is not allowed. */
export class CloudflareIntrospector implements DatabaseIntrospector {
  readonly #db: Kysely<any>;

  constructor(db: Kysely<any>) {
    this.#db = db;
  }

  getSchemas(): Promise<SchemaMetadata[]> {
    return Promise.resolve([]);
  }

  async getTables(
    options: DatabaseMetadataOptions = { withInternalKyselyTables: false },
  ): Promise<TableMetadata[]> {
    const { rows } = await sql<ColumnRow>`
      select m.name as "table", m.type, c.name as "column", c.type as data_type,
        c."notnull", c.dflt_value is not null as defaulted, c.pk
      from (select name, type from sqlite_master where type in ('table', 'view')
        and name not like 'sqlite!_%' escape '!' and name not like '!_cf!_%' escape '!') as m,
        pragma_table_info(m.name) as c
      order by m.name, c.cid`.execute(this.#db);
    const tables = new Map<string, ColumnRow[]>();
    for (const row of rows) {
      if (!options.withInternalKyselyTables && MIGRATIONS.includes(row.table)) continue;
      const columns = tables.get(row.table);
      if (columns === undefined) tables.set(row.table, [row]);
      else columns.push(row);
    }
    return [...tables.values()].map(tableOf);
  }

  /** Kysely 0.28 asks for it. */
  async getMetadata(options?: DatabaseMetadataOptions): Promise<{ tables: TableMetadata[] }> {
    return { tables: await this.getTables(options) };
  }
}

function tableOf(rows: readonly ColumnRow[]): TableMetadata {
  const [{ table, type }] = rows as readonly [ColumnRow, ...ColumnRow[]];
  const keys = rows.filter(({ pk }) => pk > 0);
  // A primary key of one integer column is the id of the row, which SQLite gives.
  const counted = type === "table" && keys.length === 1 &&
      keys[0]!.data_type.toLowerCase() === "integer"
    ? keys[0]!.column
    : undefined;
  const columns = rows.map(({ column, data_type, notnull, defaulted }) => ({
    name: column,
    dataType: data_type,
    isNullable: notnull === 0,
    isAutoIncrementing: column === counted,
    hasDefaultValue: defaulted === 1,
  }));
  // Kysely 0.28 does not know `isForeign`, and later versions want it.
  return { name: table, isView: type === "view", isForeign: false, columns } as TableMetadata;
}
