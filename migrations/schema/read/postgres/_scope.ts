import { type Kysely, type RawBuilder, sql } from "kysely";

/** Where the catalog is read. */
export interface Scope {
  readonly db: Kysely<any>;
  /** The schemas as parameters of a statement. */
  readonly schemas: RawBuilder<unknown>;
  /** Returns what a snapshot calls a schema: `null` for the default one and for the catalog's own. */
  nameOf(schema: string): string | null;
  /** Whether a name in the quotes that it needs is that of the default schema. */
  isDefault(quoted: string): boolean;
}

/**
 * Runs a query and returns its rows as the server writes them in JSON, because drivers and their
 * settings differ in what they make of arrays and numbers.
 */
export async function rowsOf<T>(scope: Scope, query: RawBuilder<unknown>): Promise<T[]> {
  const { rows } = await sql<{ json: string }>`
    select coalesce(json_agg(row_to_json(q)), '[]')::text as json from (${query}) as q`
    .execute(scope.db);
  return JSON.parse(rows[0]!.json);
}

/** A condition: an object does not belong to an extension. */
export function notOfExtension(catalog: string, oid: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`not exists (
    select 1 from pg_catalog.pg_depend as e
    where e.classid = ${sql.lit(`pg_catalog.${catalog}`)}::regclass and e.objid = ${oid}
      and e.deptype = 'e')`;
}
