import type { CompiledQuery, OperationNode, SchemableIdentifierNode } from "kysely";

/** What a query does, in short. */
export interface QuerySummary {
  /** `SELECT`, `INSERT`, `CREATE TABLE`, ..; of raw SQL its first word. */
  readonly operation: string;
  /** The tables that it names, in their order, each once; of raw SQL none. */
  readonly tables: readonly string[];
  /** Operation and tables: `SELECT users posts`. */
  readonly text: string;
}

const MOST_TEXT = 255;

/**
 * Says what a query does and to which tables, from Kysely's tree. No value of it ever shows.
 *
 * The text is made as OpenTelemetry's semantic conventions ask for `db.query.summary`.
 *
 * @param query the query, as Kysely compiled it
 * @returns the summary
 *
 * @example
 * ```ts
 * import { summarize } from "@kysera/debug";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ users: { id: number }; posts: { user_id: number } }>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * const query = db.selectFrom("users").innerJoin("posts", "user_id", "id").selectAll().compile();
 * assert.equal(summarize(query).text, "SELECT users posts");
 * ```
 */
export function summarize(query: CompiledQuery): QuerySummary {
  const node = query.query;
  const operation = operationOf(node.kind, query.sql);
  if (node.kind === "RawNode") return { operation, tables: [], text: operation };
  const tables = new Set<string>();
  const ctes = new Set<string>();
  collect(node, tables, ctes);
  for (const name of ctes) tables.delete(name);
  let text = operation;
  for (const table of tables) {
    if (text.length + table.length + 1 > MOST_TEXT) break;
    text += ` ${table}`;
  }
  return { operation, tables: [...tables], text };
}

function operationOf(kind: string, sql: string): string {
  if (kind === "RawNode") {
    const [word] = sql.match(/[a-z]+/i) ?? [];
    return word === undefined ? "SQL" : word.toUpperCase();
  }
  return kind.replace(/(Query)?Node$/, "").replace(/(?<=[a-z])(?=[A-Z])/g, " ").toUpperCase();
}

/** Where a node names a table, and where it names a column's. */
function collect(node: OperationNode, tables: Set<string>, ctes: Set<string>): void {
  if (node.kind === "ReferenceNode" || node.kind === "SelectAllNode") return;
  if (node.kind === "TableNode") {
    tables.add(nameOf((node as OperationNode & { table: SchemableIdentifierNode }).table));
    return;
  }
  if (node.kind === "CommonTableExpressionNameNode") {
    const { table } = node as OperationNode & { table?: { table?: SchemableIdentifierNode } };
    if (table?.table !== undefined) ctes.add(nameOf(table.table));
    return;
  }
  for (const value of Object.values(node)) visit(value, tables, ctes);
}

function visit(value: unknown, tables: Set<string>, ctes: Set<string>): void {
  if (Array.isArray(value)) { for (const item of value) visit(item, tables, ctes); }
  else if (typeof value === "object" && value !== null && "kind" in value) {
    const { kind } = value as OperationNode;
    // Values are data, whatever they look like.
    if (kind === "ValueNode" || kind === "PrimitiveValueListNode") return;
    collect(value as OperationNode, tables, ctes);
  }
}

function nameOf({ schema, identifier }: SchemableIdentifierNode): string {
  return schema === undefined ? identifier.name : `${schema.name}.${identifier.name}`;
}
