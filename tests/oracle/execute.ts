/**
 * How a query of the oracle is given to a handle, and how its data are told to a reader.
 */
import { type CompiledQuery, type Kysely, type KyselyPlugin, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";
import type { Handle, Query, Statement } from "./ast.ts";
import { renderStatement } from "./render.ts";
import type { RenderTarget } from "./render_expr.ts";
import type { Data, Row } from "./schema.ts";
import { tables } from "./schema.ts";

const noop: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: ({ result }) => Promise.resolve(result),
};

/** Runs a query as its handle says. */
export async function execute(
  target: RenderTarget,
  { handle, statement }: Query,
  camelCase: boolean,
): Promise<unknown[]> {
  const { db } = target;
  const rows = async (on: Kysely<any>): Promise<unknown[]> =>
    (await build(target, statement, on).execute()).map(withoutInsertId);
  switch (handle) {
    case "transaction":
      return await db.transaction().execute(rows);
    case "connection":
      return await db.connection().execute(rows);
    case "plain":
    case "withPlugin":
    case "withoutPlugins":
    case "withSchema":
      return await rows(handleOf(target, handle, camelCase));
    case "compiled": {
      const result = await db.executeQuery(build(target, statement, db).compile());
      // MariaDB answers a RETURNING with an OK packet, and so a count, where it sees that no row
      // can match.
      return [...result.rows, { affected: result.numAffectedRows ?? 0n }];
    }
    case "stream": {
      const out: unknown[] = [];
      for await (const row of build(target, statement, db).stream()) out.push(row);
      return out;
    }
  }
}

/** The SQL of a query on its handle. */
export function compile(target: RenderTarget, query: Query, camelCase: boolean): CompiledQuery {
  return build(target, query.statement, handleOf(target, query.handle, camelCase)).compile();
}

/** The handle that a query is built on. */
export function handleOf(
  { db, schema }: RenderTarget,
  handle: Handle,
  camelCase: boolean,
): Kysely<any> {
  if (handle === "withPlugin") return db.withPlugin(noop);
  if (handle === "withSchema") return db.withSchema(schema);
  // Camel case names would not be found without the plugin.
  if (handle === "withoutPlugins" && !camelCase) return db.withoutPlugins();
  return db;
}

function build(target: RenderTarget, statement: Statement, db: Kysely<any>): any {
  return renderStatement({ ...target, db }, undefined, statement);
}

/** SQLite counts rowids on both sides, hidden rows or not. */
export function withoutInsertId(row: unknown): unknown {
  if (typeof row !== "object" || row === null || !("insertId" in row)) return row;
  const { insertId: _, ...rest } = row;
  return rest;
}

/** The data as statements, with a note beside each hidden row. */
export function inserts(data: Data, isHidden: (table: string, row: Row) => boolean): string[] {
  return tables.flatMap(({ name }) =>
    (data[name] ?? []).map((row) =>
      `insert into ${name} values (${
        Object.values(row).map((v) => typeof v === "string" ? `'${v}'` : String(v)).join(", ")
      });${isHidden(name, row) ? " -- hidden" : ""}`
    )
  );
}

/** The schema that the tables of a database are in. */
export async function schemaOf(db: Kysely<any>, dialect: TestDialect): Promise<string> {
  if (dialect.dialect === "sqlite") return "main";
  const { rows } = dialect.dialect === "mysql"
    ? await sql<{ name: string }>`select database() as name`.execute(db)
    : await sql<{ name: string }>`select current_schema() as name`.execute(db);
  return rows[0]!.name;
}

/** A name in camel case. */
export function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
