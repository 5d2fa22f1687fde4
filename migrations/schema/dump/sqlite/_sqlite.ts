import { type Kysely, sql } from "kysely";
import type { SchemaSnapshot } from "../../snapshot/schema_snapshot.ts";
import { inTransaction, type SchemaDumper } from "../_dumper.ts";

/** The order in which objects are created. SQLite looks at what a view or a trigger names later. */
const RANKS = ["table", "index", "view", "trigger"] as const;

/** Writes the schema of SQLite, which keeps the statement that created each object. */
export const sqliteDumper: SchemaDumper = {
  async dump(db: Kysely<any>, schema: SchemaSnapshot): Promise<readonly string[]> {
    const { rows } = await sql<{ type: typeof RANKS[number]; owner: string; sql: string }>`
      select type, tbl_name as owner, sql from ${sql.id(schema.defaultSchema, "sqlite_master")}
      where sql is not null and name not like 'sqlite!_%' escape '!' order by name`.execute(db);
    // What is excluded, and the tables that a virtual table keeps its rows in, are not in the schema.
    const owners = new Set(
      [...schema.tables, ...schema.views].map(({ name }) => name.toLowerCase()),
    );
    return RANKS.flatMap((rank) =>
      rows.filter(({ type, owner }) => type === rank && owners.has(owner.toLowerCase()))
        .map(({ sql }) => sql)
    );
  },
  // A statement may end in a comment, which would swallow the semicolon.
  ended: (statement) => `${statement.trimEnd()}${endsInComment(statement) ? "\n" : ""};`,
  load: inTransaction,
};

function endsInComment(statement: string): boolean {
  return statement.slice(statement.lastIndexOf("\n") + 1).includes("--");
}
