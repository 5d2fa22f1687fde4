/**
 * A page by cursor in the middle of many rows, by a repository with soft delete, against the query
 * that one writes by hand for the same page: a comparison of rows where the database reads an index
 * by it.
 *
 * @module
 */
import { mysql2Dialect, nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { createRepository, type CursorPageOptions } from "@kysera/repository";
import { type Dialect, Kysely, type RawBuilder, sql, type SqlBool } from "kysely";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Form, type Group, group, type GroupOptions, type Row, timed } from "../_row.ts";
import { mysqlDatabase, postgresSchema } from "../_servers.ts";

interface Item {
  id: number;
  score: number | null;
  at: number;
}
interface Database {
  items: Item;
}
type Order = NonNullable<CursorPageOptions<Item>["orderBy"]>;
type Name = "sqlite" | "postgres" | "mysql";

/** The rows there are; a page is read in their middle. */
const COUNT = { full: 1_000_000, short: 20_000 };
/** As many rows have one score. */
const TIES = 50;
const LIMIT = 20;
const WALK = 10_000;
const SECRET = "a secret of the benchmark, of 32 or more characters";

interface World {
  readonly name: Name;
  readonly db: Kysely<Database>;
  readonly count: number;
  close(): Promise<void>;
}

/** An order, and the condition by hand on what comes after a row. */
interface Keyset {
  readonly orderBy: Order;
  readonly order: string;
  after(row: Item, name: Name): RawBuilder<SqlBool>;
}

const column = (column: keyof Item, direction: "asc" | "desc") => ({ column, direction });

/** Rows that come after one in a direction that all keys have. */
function keyset(keys: readonly (keyof Item)[], direction: "asc" | "desc"): Keyset {
  const all = [...keys, ...keys.includes("id") ? [] : ["id" as const]];
  const beyond = sql.raw(direction === "asc" ? ">" : "<");
  return {
    orderBy: keys.map((key) => column(key, direction)),
    order: all.map((key) => `${key} ${direction}`).join(", "),
    after(row, name) {
      if (all.length === 1) return sql`id ${beyond} ${row.id}`;
      const columns = sql.join(all.map((key) => sql.ref(key)));
      const tuple = sql<SqlBool>`(${columns}) ${beyond} (${sql.join(all.map((key) => row[key]))})`;
      const first = all[0]!;
      // MariaDB finds no range by a comparison of rows.
      return name === "mysql"
        ? sql`${sql.ref(first)} ${beyond}= ${row[first]} and ${tuple}`
        : tuple;
    },
  };
}

const mixed: Keyset = {
  orderBy: [column("score", "asc"), column("at", "desc")],
  order: "score asc, at desc, id desc",
  after: ({ score, at, id }) =>
    sql`score >= ${score} and (score > ${score} or (at, id) < (${at}, ${id}))`,
};

/** Deep in the order: a cursor by walking there, and the same page by hand. */
function deep({ orderBy, order, after }: Keyset, budget: (name: Name) => number, name: Name) {
  const row: Row<World> = {
    budget: budget(name),
    async sides({ db, count }, form) {
      const items = await repository(db);
      let cursor: string | undefined;
      let last: Item | undefined;
      for (let read = 0; read < count / 2; read += WALK) {
        const page = await items.paginateCursor({ orderBy, limit: WALK, ...cursor && { cursor } });
        cursor = page.nextCursor ?? undefined;
        last = page.data.at(-1);
      }
      const ours = () => items.paginateCursor({ orderBy, limit: LIMIT, cursor: cursor! });
      const byHand = () =>
        db.selectFrom("items").selectAll().where(after(last!, name))
          .orderBy(sql.raw(order)).limit(LIMIT).execute();
      assert.deepEqual((await ours()).data.map(plain), (await byHand()).map(plain), order);
      return await timed([byHand, ours], form);
    },
  };
  return row;
}

/** Signed cursors, against the query by hand that has none. */
function signed(page: number): Row<World> {
  return {
    budget: 1.5,
    async sides({ db }, form) {
      const items = await repository(db);
      const options = { orderBy: "id" as const, limit: LIMIT, security: { secret: SECRET } };
      let cursor: string | undefined;
      for (let at = 1; at < page; at++) {
        cursor = (await items.paginateCursor({ ...options, ...cursor && { cursor } })).nextCursor!;
      }
      const given = { ...options, ...cursor && { cursor } };
      const byHand = () =>
        db.selectFrom("items").selectAll().where("id", ">", (page - 1) * LIMIT).orderBy("id")
          .limit(LIMIT).execute();
      const ours = () => items.paginateCursor(given);
      assert.deepEqual((await ours()).data.map(plain), (await byHand()).map(plain));
      return await timed([byHand, ours], form);
    },
  };
}

async function repository(db: Kysely<Database>) {
  return createRepository(await createExecutor(db, []), { tableName: "items" });
}

function rowsOf(name: Name): Record<string, Row<World>> {
  const budget = () => name === "sqlite" ? 1.3 : 1.1;
  const rows: Record<string, Row<World>> = {};
  for (const keys of [["id"], ["at"], ["score"], ["score", "at"]] as const) {
    for (const direction of ["asc", "desc"] as const) {
      rows[[...keys, direction].join("-")] = deep(keyset(keys, direction), budget, name);
    }
  }
  rows["score-asc-at-desc"] = deep(mixed, budget, name);
  rows["signed-page-1"] = signed(1);
  rows["signed-page-500"] = signed(500);
  return rows;
}

/** The table, with an index for each order. */
async function open(
  name: Name,
  dialect: Dialect,
  form: Form,
  close: () => Promise<void>,
): Promise<World> {
  const count = form.full ? COUNT.full : COUNT.short;
  const db = new Kysely<Database>({ dialect });
  await sql`create table items (id integer primary key, score integer, at integer not null)`
    .execute(db);
  // Every tenth score is NULL.
  const digits = sql`(select 0 as d union all select 1 union all select 2 union all select 3
    union all select 4 union all select 5 union all select 6 union all select 7 union all select 8
    union all select 9)`;
  await sql`insert into items
    select i, case when i % 10 = 9 then null else (i * 7 % ${sql.lit(count)}) / ${
    sql.lit(TIES)
  } end,
      i * 13 % ${sql.lit(count)}
    from (select 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d + 100000 * g.d as i
      from ${digits} a, ${digits} b, ${digits} c, ${digits} e, ${digits} f, ${digits} g) as n
    where i <= ${sql.lit(count)} order by i`.execute(db);
  for (
    const [index, columns] of [
      ["items_at", "at, id"],
      ["items_score", "score, id"],
      ["items_score_at", "score, at, id"],
      ["items_score_at_desc", "score, at desc, id desc"],
    ] as const
  ) {
    await sql`create index ${sql.id(index)} on items (${sql.raw(columns)})`.execute(db);
  }
  await sql.raw(name === "mysql" ? "analyze table items" : "analyze items").execute(db);
  return { name, db, count, close };
}

const options: Pick<GroupOptions<World>, "sides" | "close"> = {
  sides: ["by hand", "repository"],
  close: async ({ db, close }) => {
    await db.destroy();
    await close();
  },
};

/** On each database. */
export const pageGroups: readonly Group[] = [
  group<World>({
    ...options,
    name: "pages-sqlite",
    title: "A page by cursor in the middle of a table, in-memory SQLite",
    rows: rowsOf("sqlite"),
    open: (form) => {
      const database = new DatabaseSync(":memory:");
      return open("sqlite", nodeSqliteDialect({ database }), form, () => Promise.resolve());
    },
  }),
  group<World>({
    ...options,
    name: "pages-postgres",
    title: "A page by cursor in the middle of a table, PostgreSQL",
    needs: "postgres",
    rows: rowsOf("postgres"),
    async open(form) {
      const schema = await postgresSchema();
      const dialect = pgDialect({ pool: schema.pool() });
      return await open("postgres", dialect, form, () => schema.drop());
    },
  }),
  group<World>({
    ...options,
    name: "pages-mysql",
    title: "A page by cursor in the middle of a table, MariaDB",
    needs: "mysql",
    rows: rowsOf("mysql"),
    async open(form) {
      const database = await mysqlDatabase();
      const dialect = mysql2Dialect({ pool: database.pool() });
      return await open("mysql", dialect, form, () => database.drop());
    },
  }),
];

/** Rows of `node:sqlite` have no prototype. */
function plain(row: object): object {
  return { ...row };
}
