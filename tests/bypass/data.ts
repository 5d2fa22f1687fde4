/** The tables and rows that the cases are about. */
import { type Kysely, sql } from "kysely";

/** The caller's own tenant, and the one whose rows are hidden. */
export const TENANT = 1;
export const OTHER_TENANT = 2;

/** PostgreSQL keeps 63 bytes of a name. */
export const LONG_NAME: string = "archive_" + "x".repeat(63 - "archive_".length);

/** The tables that the plugins under test filter. `docs` (full text) is there on SQLite only. */
export const GUARDED: readonly string[] = ["users", "blog_posts", LONG_NAME, "docs"];

type Row = Readonly<Record<string, unknown>>;

const DELETED = "2024-01-01";
const seen = { tenant_id: TENANT, deleted_at: null };
const hidden = { tenant_id: OTHER_TENANT, deleted_at: DELETED };

/**
 * A row is hidden for every reason at once: deleted, of another tenant, and without a grant. Its
 * values would change any minimum, maximum, sum, count or order that it came into.
 */
export const ROWS: Readonly<Record<string, readonly Row[]>> = {
  users: [
    { id: 1, name: "ann", email: "ann@x", score: 10, boss_id: null, ...seen },
    { id: 2, name: "bob", email: "bob@x", score: 20, boss_id: 1, ...seen },
    { id: 3, name: "cat", email: "cat@x", score: 30, boss_id: 4, ...seen },
    { id: 4, name: "secret-dan", email: "dan@x", score: 1, boss_id: 1, ...hidden },
    { id: 5, name: "secret-eve", email: "eve@x", score: 99, boss_id: 4, ...hidden },
  ],
  blog_posts: [
    { id: 1, user_id: 1, title: "one", likes: 5, ...seen },
    { id: 2, user_id: 2, title: "two", likes: 6, ...seen },
    { id: 3, user_id: 4, title: "of a hidden user", likes: 7, ...seen },
    { id: 4, user_id: 1, title: "secret-four", likes: 100, ...hidden },
    { id: 5, user_id: 5, title: "secret-five", likes: 0, ...hidden },
  ],
  // Not filtered: its rows look like the others' all the same.
  tags: [
    { id: 1, user_id: 1, name: "red", ...seen },
    { id: 2, user_id: 4, name: "blue", ...seen },
    { id: 4, user_id: 5, name: "green", ...hidden },
    { id: 6, user_id: 2, name: "grey", ...seen },
  ],
};

/** The tables whose rows are compared after a write. */
export const COMPARED: readonly string[] = Object.keys(ROWS);

/** Whether a row of a table is hidden by the plugins under test. */
export function isHidden(table: string, row: Row): boolean {
  return GUARDED.includes(table) && row["deleted_at"] === DELETED;
}

/** Makes the tables and fills them. */
export async function createTables(
  db: Kysely<any>,
  dialect: string,
  visibleOnly: boolean,
): Promise<void> {
  const text = dialect === "mysql" ? sql`varchar(99)` : sql`text`;
  const table = (name: string) =>
    db.schema.createTable(name)
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("tenant_id", "integer", (c) => c.defaultTo(TENANT))
      .addColumn("deleted_at", text);
  await table("users")
    .addColumn("name", text)
    .addColumn("email", text, (c) => c.unique())
    .addColumn("score", "integer")
    .addColumn("boss_id", "integer")
    .execute();
  await table("blog_posts")
    .addColumn("user_id", "integer")
    .addColumn("title", text)
    .addColumn("likes", "integer")
    .execute();
  await table("tags").addColumn("user_id", "integer").addColumn("name", text).execute();
  // Which rows a caller may see, for the plugin whose filter reads a table.
  await db.schema.createTable("grants")
    .addColumn("kind", text)
    .addColumn("row_id", "integer")
    .addColumn("tenant_id", "integer")
    .execute();
  await table(LONG_NAME).addColumn("name", text).execute();
  if (dialect === "sqlite") {
    await sql`create virtual table docs using fts5(
      name, id unindexed, tenant_id unindexed, deleted_at unindexed
    )`.execute(db);
  }
  for (const name of [LONG_NAME, ...dialect === "sqlite" ? ["docs"] : []]) {
    await db.insertInto(name).values([
      { id: 1, name: "plain", ...seen },
      ...visibleOnly ? [] : [{ id: 4, name: "secret", ...hidden }],
    ]).execute();
  }
  await db.insertInto("grants").values(
    GUARDED.flatMap((kind) => [1, 2, 3].map((row_id) => ({ kind, row_id, tenant_id: TENANT })))
      .concat(
        GUARDED.flatMap((kind) =>
          [4, 5].map((row_id) => ({ kind, row_id, tenant_id: OTHER_TENANT }))
        ),
      ),
  ).execute();
  await fill(db, visibleOnly);
}

/** Puts the rows of some tables back as they were. */
export async function fill(
  db: Kysely<any>,
  visibleOnly: boolean,
  tables: readonly string[] = COMPARED,
): Promise<void> {
  for (const name of tables) {
    await db.deleteFrom(name).execute();
    await db.insertInto(name)
      .values(ROWS[name]!.filter((row) => !visibleOnly || !isHidden(name, row)))
      .execute();
  }
}

/** The rows of every compared table. */
export async function snapshot(db: Kysely<any>): Promise<Record<string, Row[]>> {
  const out: Record<string, Row[]> = {};
  for (const name of COMPARED) out[name] = await db.selectFrom(name).selectAll().execute();
  return out;
}
