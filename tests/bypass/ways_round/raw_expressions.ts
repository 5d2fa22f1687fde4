/** Row 32: raw expressions that name a table, in one piece or in several. */
import { expressionBuilder, sql } from "kysely";
import type { BypassCase, Lacks } from "../case.ts";
import { onlyMysql, onlyPostgres, onlySqlite } from "../lacks.ts";
import { expression, HIDDEN, reads } from "./_raw.ts";

const eb = expressionBuilder<any, any>();

export const expressions: readonly BypassCase[] = [
  expression("subquery", `(${HIDDEN})`),
  expression("upper case", `(${HIDDEN.toUpperCase().replace("USERS", "users")})`, {
    mysql: "the table's name keeps its letter case",
  }),
  expression("subquery in a function", `coalesce((${HIDDEN}), 'x')`),
  expression("line breaks and tabs", `(\n${HIDDEN.replaceAll(" ", "\t\n")}\n)`),
  expression("form feeds", `(${HIDDEN.replaceAll(" ", "\f")})`),
  expression("comments for blanks", `(${HIDDEN.replaceAll(" ", "/**/")})`),
  expression("a comment that is code", `(/*! ${HIDDEN} */)`, onlyMysql("MySQL runs such comments")),
  expression(
    "a comment that is code, with a version",
    `(/*!50000 ${HIDDEN} */)`,
    onlyMysql("MySQL's"),
  ),
  expression("quoted names", `(select max("name") from "users" where "id" > 3)`, {
    mysql: "double quotes are strings",
  }),
  expression("without blanks", `(select"name"from"users"where"id"=4)`, {
    mysql: "double quotes are strings",
  }),
  expression("without blanks, backticks", "(select`name`from`users`where`id`=4)", {
    pglite: "no backticks",
    postgres: "no backticks",
  }),
  expression(
    "a bracketed name that holds a quote",
    `cast(1 as ["]) || (select name from users where id = 4) || cast(1 as ["])`,
    onlySqlite("brackets round names are SQLite's (and SQL Server's)"),
  ),
  expression(
    "a bracketed name that holds an apostrophe",
    `cast(1 as [']) || (select name from users where id = 4) || cast(1 as ['])`,
    onlySqlite("brackets round names are SQLite's (and SQL Server's)"),
  ),
  expression(
    "a bracketed name that holds a backtick",
    "cast(1 as [`]) || (select name from users where id = 4) || cast(1 as [`])",
    onlySqlite("brackets round names are SQLite's (and SQL Server's)"),
  ),
  expression(
    "in the brackets of an array",
    `array[name, (${HIDDEN})]`,
    onlyPostgres("arrays are PostgreSQL's"),
  ),
  expression(
    "in a subscript",
    `(array['a','b','c','d'])[id - id + (select max(id) from users where id = 4)]`,
    onlyPostgres("arrays are PostgreSQL's"),
  ),
  expression(
    "a backslash that ends no string",
    `concat('\\'', (${HIDDEN}), '\\'')`,
    onlyMysql("backslashes escape in MySQL"),
  ),
  expression(
    "a backslash in double quotes",
    `concat("\\"", (${HIDDEN}), "\\"")`,
    onlyMysql("backslashes escape in MySQL"),
  ),
  expression(
    "an escape string",
    `concat(E'\\'', (${HIDDEN}), E'\\'')`,
    onlyPostgres("escape strings are PostgreSQL's"),
  ),
  expression(
    "dollar quotes",
    `concat($a$ ' $a$, (${HIDDEN}), $a$ ' $a$)`,
    onlyPostgres("dollar quotes are PostgreSQL's"),
  ),
  expression(
    "TABLE",
    `(select name from (table users) as u where u.id = 4)`,
    onlyPostgres("TABLE is PostgreSQL's (and MySQL 8's)"),
  ),
  expression(
    "query_to_xml",
    `query_to_xml('select * from users', true, false, '')::text`,
    onlyPostgres("PostgreSQL's function"),
  ),
  expression(
    "query_to_xml, quoted",
    `"query_to_xml"('select * from users', true, false, '')::text`,
    onlyPostgres("PostgreSQL's function"),
  ),
  expression(
    "query_to_xml, quoted and qualified",
    `pg_catalog."query_to_xml"('select * from users', true, false, '')::text`,
    onlyPostgres("PostgreSQL's function"),
  ),
  expression(
    "table_to_xml",
    `table_to_xml('users', true, false, '')::text`,
    onlyPostgres("PostgreSQL's function"),
  ),
  expression(
    "in a quoted Unicode name",
    `(select max(name) from U&"\\0075sers" where id = 4)`,
    onlyPostgres("Unicode names are PostgreSQL's"),
  ),
];

/** The row of table `docs` that is hidden. */
const HIDDEN_DOC = sql`('secret', 4, 2, '2024-01-01')`;

/** Text that is harmless piece by piece, and not where the pieces meet. */
export function pieces(): readonly BypassCase[] {
  const raw = (...texts: string[]) => sql.join(texts.map((text) => sql.raw(text)), sql.raw(""));
  const cutOff = (name: string, value: () => any, lacks?: Lacks): BypassCase => ({
    name: `pieces: ${name}`,
    writes: true,
    must: ["R"],
    raw: true,
    ...(lacks === undefined ? {} : { lacks }),
    run: ({ db }) => db.updateTable("users").set({ name: value() }).execute(),
    truth: () => Promise.resolve([]),
  });
  const from = (name: string, value: () => any, lacks?: Lacks): BypassCase =>
    reads(
      `pieces: ${name}`,
      (db) =>
        db.selectNoFrom(value().as("x")).execute().then((rows) =>
          rows.map(({ name }: any) => ({ name }))
        ),
      lacks === undefined ? {} : { lacks },
    );
  const noDash = { mysql: "a comment is two dashes and a blank" };
  return [
    cutOff("a comment in two halves", () => sql`'x' ${raw("-", "- ")}`),
    cutOff("a comment in two halves, a stroke and a star", () => sql`'x' ${raw("/", "* ")}`, {
      postgres: "a comment must be closed",
      mysql: "a comment must be closed",
    }),
    cutOff("a dash before a negative number", () => sql`'x' -${sql.lit(-1)}`, noDash),
    cutOff(
      "a dash before an operator of the builder",
      () => sql`'x' -${eb.neg(eb.lit(1))}`,
      noDash,
    ),
    {
      name: "pieces: two dashes of the builder",
      writes: true,
      must: ["R", "F"],
      raw: true,
      lacks: noDash,
      run: ({ db }) =>
        db.updateTable("users").set({ score: sql`score ${eb.neg(eb.lit(-1))}` }).execute(),
      truth: ({ db, visible }) =>
        db.updateTable("users").set({ score: sql`score + 1` }).where((e) => visible(e, "users"))
          .execute(),
    },
    cutOff(
      "a dash behind an operand that ends in one",
      () => sql`${eb(sql`'x'`, "||", sql`'y' -`)}- `,
      noDash,
    ),
    cutOff(
      "a star behind an operand that ends in a stroke",
      () => sql`${eb(sql`'x'`, "||", sql`'y' /`)}* `,
      onlySqlite("a comment must be closed elsewhere"),
    ),
    cutOff("a statement's end in a piece", () => sql`'x' ${raw(";")}`),
    from("a keyword in two halves", () => sql`name ${raw("fr", "om")} users`),
    from("a keyword in four pieces", () => sql`name ${raw("f", "r", "o", "m")} users`),
    from("a keyword in two halves, raw in raw", () => sql`name fr${sql`${sql.raw("om")} users`}`),
    from(
      "a keyword, the second half a function",
      () => sql`name fr${eb.fn("om", [eb.table("users")])}`,
      {
        pglite: "no parentheses round a table",
        postgres: "no parentheses round a table",
        mysql: "no parentheses round an aliased table",
      },
    ),
    from(
      "a keyword that is a function's name",
      () => sql`name ${eb.fn("from", [eb.table("users")])}`,
      {
        pglite: "no parentheses round a table",
        postgres: "no parentheses round a table",
        mysql: "no parentheses round an aliased table",
      },
    ),
    from(
      "FROM behind a number of the builder",
      () => sql`name, ${sql.lit(1)}.from users`,
      onlyMysql("MySQL reads it so"),
    ),
    from(
      "FROM behind a parameter",
      () => sql`name, ${1}.from users`,
      onlyMysql("MySQL reads it so, and its driver writes parameters in"),
    ),
    from(
      "FROM behind a number in two halves",
      () => sql`name, ${raw("1", ".", "from")} users`,
      onlyMysql("MySQL reads it so"),
    ),
    reads("pieces: SELECT and FROM in two halves", (db) =>
      db.selectFrom("tags").select(
        sql`(${raw("sel", "ect")} max(name) ${raw("fr", "om")} users where id = 4)`.as("x"),
      ).execute(), {
      truth: ({ db }) => db.selectFrom("tags").select(sql`null`.as("x")).execute(),
      must: ["R"],
    }),
    reads(
      "pieces: JOIN is a function's name",
      (db) =>
        db.selectFrom("tags").innerJoin("tags as t", (join) =>
          join.on(
            sql<boolean>`t.id = tags.id cross ${eb.fn("join", [eb.table("users")])}`,
          )).select(sql.ref("users.name").as("name")).execute(),
      {
        lacks: {
          pglite: "no parentheses round a table",
          postgres: "no parentheses round a table",
        },
      },
    ),
    ...([
      ["DISTINCT", "u.distinct from"],
      ["IS", "u.is distinct from"],
      ["NOT", "u.not distinct from"],
    ] as const).map(([column, text]) =>
      reads(
        `pieces: FROM behind a column called ${column}`,
        (db) =>
          db.selectNoFrom(
            sql`${sql.raw(text)} users as u(id, tenant_id, deleted_at, ${
              sql.id(column.toLowerCase())
            })` as any,
          ).execute(),
        { lacks: onlyPostgres("columns are renamed so in PostgreSQL only") },
      )
    ),
    ...([
      ["a word", () => sql`straight_join users`],
      ["a function's name", () => sql`${eb.fn("straight_join", [eb.table("users")])}`],
    ] as [string, () => any][]).map(([name, join]) =>
      reads(`pieces: STRAIGHT_JOIN, ${name}`, (db) =>
        db.selectFrom("tags")
          .innerJoin("tags as t", (on) => on.on(sql<boolean>`t.id = tags.id ${join()}`))
          .select(sql.ref("users.name").as("name")).execute(), {
        lacks: onlyMysql("STRAIGHT_JOIN is MySQL's"),
      })
    ),
    ...([
      ["the operator", () => eb(HIDDEN_DOC, sql`${sql`in`}` as any, eb.table("docs"))],
      ["the operator, in two halves", () => eb(HIDDEN_DOC, raw("i", "n") as any, eb.table("docs"))],
      [
        "both operands",
        () => eb(sql`('secret', 4, 2, '2024-01-01') in`, sql`docs` as any, sql`= 1`),
      ],
      [
        "a call of an aggregate",
        () => eb(HIDDEN_DOC, "in", eb.fn.agg("docs", [sql`'secret'`]) as any),
      ],
    ] as [string, () => any][]).map(([name, condition]) =>
      reads(
        `pieces: a table after IN, ${name}`,
        (db) => db.selectFrom("tags").select("id").where(condition()).execute(),
        { must: ["R", "F"], lacks: onlySqlite("a table after IN is SQLite's") },
      )
    ),
    reads(
      "pieces: an alias that lists a table, in a relation",
      (db) =>
        db.selectFrom("tags").select(
          sql`(select max(users.name) from ${
            db.selectFrom("tags").select("id").where("id", "=", 1).$asScalar()
              .as(sql`t, users` as any)
          })`.as("x"),
        ).execute(),
      {
        truth: ({ db }) => db.selectFrom("tags").select(sql`'cat'`.as("x")).execute(),
        must: ["R", "F"],
      },
    ),
    reads("pieces: a table after IN, under an alias", (db) =>
      db.selectFrom("tags").select(
        sql`('secret', 4, 2, '2024-01-01') in ${eb.table("docs").as("found") as any}` as any,
      ).execute(), { lacks: onlySqlite("a table after IN is SQLite's") }),
  ];
}
