import { type Kysely, sql } from "kysely";

/**
 * Calls a function in a transaction that only reads, with one schema as the search path. The catalog
 * writes names without their schema where the path leads to them.
 *
 * @param db one connection, or a transaction, which is used as it is
 * @param schema the schema; the current one if `undefined`
 * @param body is given the transaction, the schema, and its name in the quotes that it needs
 */
export async function inSearchPath<T>(
  db: Kysely<any>,
  schema: string | undefined,
  body: (trx: Kysely<any>, schema: string, quoted: string) => Promise<T>,
): Promise<T> {
  if (db.isTransaction) return await withPath(db, schema, body);
  const trx = await db.startTransaction().setIsolationLevel("repeatable read")
    .setAccessMode("read only").execute();
  try {
    return await withPath(trx, schema, body);
  } finally {
    await trx.rollback().execute();
  }
}

async function withPath<T>(
  trx: Kysely<any>,
  schema: string | undefined,
  body: (trx: Kysely<any>, schema: string, quoted: string) => Promise<T>,
): Promise<T> {
  const { rows: [session] } = await sql<{ current: string | null; path: string }>`
    select current_schema() as current, current_setting('search_path') as path`.execute(trx);
  const name = schema ?? session!.current ?? "public";
  const { rows: [quoted] } = await sql<{ path: string }>`
    select set_config('search_path', quote_ident(${name}), true) as path`.execute(trx);
  const result = await body(trx, name, quoted!.path);
  // The path belongs to a transaction that may not be ours; where the body failed, so did that.
  await sql`select set_config('search_path', ${session!.path}, true)`.execute(trx);
  return result;
}
