/** Ways to read a guarded table by raw SQL that looks as if it read none. */
import {
  type AliasNode,
  expressionBuilder,
  type Kysely,
  type OperationNode,
  type RawBuilder,
  type RawNode,
  sql,
} from "kysely";
import type { Family } from "./raw_fragments.ts";

const eb = expressionBuilder<any, any>();

/** Runs an attack; the rows are what came back. */
export interface Attack {
  readonly name: string;
  readonly run: (db: Kysely<any>) => Promise<unknown>;
}

/** Functions that read tables, files or SQL by their arguments, with arguments that do. */
const readers: Readonly<Record<Family, Readonly<Record<string, string>>>> = {
  postgres: {
    query_to_xml: "'select * from items', true, true, ''",
    query_to_xmlschema: "'select * from items', true, true, ''",
    query_to_xml_and_xmlschema: "'select * from items', true, true, ''",
    table_to_xml: "'items', true, true, ''",
    table_to_xml_and_xmlschema: "'items', true, true, ''",
    schema_to_xml: "current_schema(), true, true, ''",
    schema_to_xml_and_xmlschema: "current_schema(), true, true, ''",
    database_to_xml: "true, true, ''",
    database_to_xml_and_xmlschema: "true, true, ''",
    cursor_to_xml: "'c', 1, true, true, ''",
    ts_stat: "'select to_tsvector(name) from items'",
    ts_rewrite: "'a'::tsquery, 'select name::tsquery, name::tsquery from items'",
    dblink: "'dbname=postgres', 'select name from items'",
    dblink_exec: "'dbname=postgres', 'select 1'",
    dblink_get_result: "'c'",
    pg_read_file: "'PG_VERSION'",
    pg_read_binary_file: "'PG_VERSION'",
    pg_ls_dir: "'.'",
    pg_file_read: "'PG_VERSION', 0, 9",
    lo_get: "1",
    lo_import: "'/etc/passwd'",
    lo_export: "1, '/tmp/x'",
    loread: "1, 10",
    crosstab: "'select id, kind, name from items'",
    connectby: "'items', 'id', 'id', '1', 0",
    xpath_table: "'id', 'data', 'items', '/', 'true'",
    get_raw_page: "'items', 0",
    heap_page_items: "'x'",
    pg_logical_slot_get_changes: "'s', null, null",
    pg_logical_slot_peek_changes: "'s', null, null",
    pg_get_wal_records_info: "'0/0', '0/1'",
  },
  sqlite: {
    load_extension: "'x'",
    readfile: "'/etc/passwd'",
    writefile: "'/tmp/x', 'y'",
    edit: "'x'",
    eval: "'select name from items'",
    fts3_tokenizer: "'simple'",
    sha3_query: "'select name from items'",
    sha1_query: "'select name from items'",
  },
  mysql: {
    load_file: "'/etc/passwd'",
    sys_eval: "'cat /etc/passwd'",
    sys_exec: "'id'",
    spider_direct_sql: "'select name from items', 't', ''",
    spider_bg_direct_sql: "'select name from items', 't', ''",
  },
};

/** An expression, wherever one can stand. */
function everywhere(name: string, e: RawBuilder<any>): Attack[] {
  return [
    { name, run: (db) => db.selectNoFrom(e.as("e")).execute() },
    {
      name: `${name}, in WHERE`,
      run: (db) => db.selectFrom("items").selectAll().where(e).execute(),
    },
    { name: `${name}, in SET`, run: (db) => db.updateTable("items").set("name", e).execute() },
    {
      name: `${name}, in a call`,
      run: (db) => db.selectNoFrom(sql`coalesce(${e}, null)`.as("e")).execute(),
    },
    {
      name: `${name}, in VALUES`,
      run: (db) => db.selectFrom(sql`(values (${e}))`.as(sql`v`)).selectAll().execute(),
    },
    { name: `${name}, at the root`, run: (db) => sql`select ${e}`.execute(db) },
    {
      name: `${name}, in ORDER BY`,
      run: (db) => db.selectFrom("items").select("id").orderBy(e).execute(),
    },
  ];
}

/** Every way to write a call. */
function callsOf(family: Family, name: string, args: string): Attack[] {
  const raw = sql.raw(args);
  const quote = family === "mysql" ? "`" : '"';
  const quoted = `${quote}${name}${quote}`;
  const mixed = name.replace(
    /[a-z]/g,
    (letter, at: number) => at % 2 ? letter : letter.toUpperCase(),
  );
  const schema = family === "postgres" ? "pg_catalog" : "main";
  const texts: Readonly<Record<string, string>> = {
    "in lower case": `${name}(${args})`,
    "in upper case": `${name.toUpperCase()}(${args})`,
    "in mixed case": `${mixed}(${args})`,
    "with a space": `${name} (${args})`,
    "with a line": `${name}\n\t(${args})`,
    "with a comment": `${name}/**/(${args})`,
    "with a line comment": `${name} -- x\n(${args})`,
    "quoted": `${quoted}(${args})`,
    "quoted, with a space": `${quoted} (${args})`,
    "nested": `lower(cast(${name}(${args}) as char(9)))`,
    "in CASE": `case when 1 = 1 then ${name}(${args}) end`,
    "in a subquery": `(select ${name}(${args}))`,
    "in a list of values": `(values (${name}(${args})))`,
    "behind a sign": `1+${name}(${args})`,
    ...(family === "mysql" ? {} : {
      "qualified": `${schema}.${name}(${args})`,
      "qualified, with spaces": `${schema} . ${name} (${args})`,
      "qualified and quoted": `"${schema}"."${name}"(${args})`,
    }),
    ...(family !== "postgres" ? {} : {
      "in a list": `array[${name}(${args})]`,
      "by code points": `U&"\\${name.charCodeAt(0).toString(16).padStart(4, "0")}${
        name.slice(1)
      }"(${args})`,
      "by code points and an escape": `u&"!${name.charCodeAt(0).toString(16).padStart(4, "0")}${
        name.slice(1)
      }" uescape '!' (${args})`,
      "by a schema's code points": `U&"pg\\005fcatalog".${name}(${args})`,
    }),
    ...(family !== "sqlite" ? {} : {
      "in square brackets": `[${name}](${args})`,
      "in back ticks": `\`${name}\`(${args})`,
    }),
  };
  const builders: Readonly<Record<string, RawBuilder<any>>> = {
    "by sql.id": sql`${sql.id(name)}(${raw})`,
    "by sql.id, with a space": sql`${sql.id(name)} (${raw})`,
    "by sql.ref": sql`${sql.ref(name)}(${raw})`,
    "by sql.table": sql`${sql.table(name)}(${raw})`,
    "by sql.raw": sql`${sql.raw(name)}(${raw})`,
    "in two pieces": sql`${sql.raw(name.slice(0, 3))}${sql.raw(name.slice(3))}(${raw})`,
    "by a fragment": sql`${sql`${sql`${sql.id(name)}`}`}(${raw})`,
    "by sql.join": sql`${sql.join([sql.id(name), sql`(${raw})`], sql``)}`,
    "behind a raw dot": sql`${sql.raw(schema)}.${sql.id(name)}(${raw})`,
    "by a schema's sql.id": sql`${sql.id(schema, name)}(${raw})`,
    "by a qualified sql.ref": sql`${sql.ref(`${schema}.${name}`)}(${raw})`,
    "by a qualified sql.table": sql`${sql.table(`${schema}.${name}`)}(${raw})`,
    "before brackets of the builder": sql`${sql.raw(name)} ${eb.parens(raw)}`,
    "by sql.id, before brackets of the builder": sql`${sql.id(name)} ${eb.parens(raw)}`,
    "qualified, before a tuple of the builder": sql`${sql.raw(schema)}.${sql.id(name)} ${
      eb.tuple(raw, raw)
    }`,
    "behind an alias": sql`${sql`1`.as(name)}(${raw})`,
    "behind an alias's name": sql`1 as ${sql.id(name)}(${raw})`,
  };
  const attacks = [
    ...Object.entries(texts).flatMap(([how, text]) => everywhere(`${name} ${how}`, sql.raw(text))),
    ...Object.entries(builders).flatMap(([how, e]) => everywhere(`${name} ${how}`, e)),
  ];
  for (
    const called of [
      name,
      name.toUpperCase(),
      `${schema}.${name}`,
      quoted,
      `${schema}.${quoted}`,
      ` ${name}`,
      `${name} `,
      `${name}/**/`,
      `${name}\n`,
      `U&"${name}"`,
      `abs(1), ${name}`,
      `distinct ${name}`,
      `(select 1) + ${name}`,
    ]
  ) {
    attacks.push(
      {
        name: `eb.fn ${JSON.stringify(called)}`,
        run: (db) => db.selectNoFrom((eb) => eb.fn(called, [raw]).as("e")).execute(),
      },
      {
        name: `eb.fn.agg ${JSON.stringify(called)}`,
        run: (db) => db.selectNoFrom((eb) => eb.fn.agg(called, [raw]).as("e")).execute(),
      },
      {
        name: `eb.fn ${JSON.stringify(called)} in FROM`,
        run: (db) => db.selectFrom((eb: any) => eb.fn(called, [raw]).as("e")).selectAll().execute(),
      },
    );
  }
  attacks.push(
    {
      name: `${name} before an operator`,
      run: (db) =>
        db.selectFrom("items").select("id")
          .where(eb(sql.ref(name), sql<any>`(${raw}) is not null and 1 =`, 1)).execute(),
    },
    {
      name: `${name} in an operator`,
      run: (db) =>
        db.selectFrom("items").select("id")
          .where(eb(sql.lit<any>(1), sql<any>`= ${sql.raw(name)}`, eb.parens(raw) as any))
          .execute(),
    },
    {
      name: `${name} before a direction`,
      run: (db) =>
        db.selectFrom("items").select("id").orderBy(sql.ref(name), sql`(${raw})`).execute(),
    },
    {
      name: `${name} before a selection`,
      run: (db) =>
        db.selectFrom("items").modifyFront(sql.raw(name)).select(eb.parens(raw).as("e")).execute(),
    },
    {
      name: `${name} by sql.id, before a selection`,
      run: (db) =>
        db.selectFrom("items").modifyFront(sql.id(name)).select(eb.parens(raw).as("e")).execute(),
    },
    {
      name: `${name} before a modifier`,
      run: (db) =>
        db.selectFrom("items").modifyFront(sql.id(name)).modifyFront(sql`(${raw}) as e,`)
          .select("id").execute(),
    },
    {
      name: `${name} as a raw alias`,
      run: (db) => db.selectNoFrom(sql`1`.as<"e">(sql`e, ${sql.raw(name)}(${raw})`)).execute(),
    },
    {
      name: `${name} as an alias that is a function`,
      run: (db) => db.selectNoFrom(aliased(sql`1`, db.fn(name, [raw])) as any).execute(),
    },
    {
      name: `${name} as an alias in a raw fragment`,
      run: (db) =>
        db.selectNoFrom(sql`${aliased(sql`1`, sql`e, ${sql.raw(name)}(${raw})`)}`.as("f"))
          .execute(),
    },
    {
      name: `${name} in FROM`,
      run: (db) => db.selectFrom(sql`${sql.raw(name)}(${raw})`.as("e")).selectAll().execute(),
    },
    {
      name: `${name} by sql.id in FROM`,
      run: (db) => db.selectFrom(sql`${sql.id(name)}(${raw})`.as("e")).selectAll().execute(),
    },
    {
      name: `${name} in LIMIT`,
      run: (db) =>
        db.selectFrom("items").selectAll().limit(sql<number>`${sql.raw(name)}(${raw})`).execute(),
    },
  );
  return attacks;
}

/** An expression under an alias of any kind, as a caller's own class may make it. */
function aliased(e: RawBuilder<any>, alias: { toOperationNode(): OperationNode }): any {
  const node: AliasNode = {
    kind: "AliasNode",
    node: e.toOperationNode(),
    alias: alias.toOperationNode(),
  };
  return { isAliasedExpression: true, expression: e, alias, toOperationNode: () => node };
}

/** Names, as a caller's own class may list them: Kysely writes the commas. */
function listed(...names: readonly string[]): RawBuilder<any> {
  const node = {
    kind: "ListNode",
    items: names.map((name) => sql.id(name).toOperationNode()),
  } as unknown as OperationNode;
  return { toOperationNode: () => node, isRawBuilder: true } as unknown as RawBuilder<any>;
}

/** Text that reads the table, in places where other text would be let through. */
const expressions: Readonly<Record<Family | "all", readonly RawBuilder<any>[]>> = {
  all: [
    sql`(select name from items)`,
    sql`(select max(name) from items)`,
    sql`(SELECT max(name) FROM items)`,
    sql`(select max(name) from ${sql.table("items")})`,
    sql`(select max(name) from ${sql.id("items")})`,
    sql`(select max(name) from ${sql.ref("items")})`,
    sql`(select max(name) from (items))`,
    sql`(select max(name) from ((items)))`,
    sql`(select max(name) from (select * from items) as i)`,
    sql`(select max(name) from (select 1 as one) as o, items)`,
    sql`(select max(name) from (select 1 as one) as o, (items))`,
    sql`(select max(name) from (select 1 as one) as o join items on 1 = 1)`,
    sql`(select max(name) from (select 1 as one) as o cross join items)`,
    sql`(select max(name) from (select 1 as one) as o natural join items)`,
    sql`(select max(name) from items as i)`,
    sql`(select 1 union select max(name) from items)`,
    sql`(select '1' union all select name from items where name like 'xk%')`,
    sql`(select case when exists(select 1 from items) then 'xk-secret' end)`,
    sql`(with c as (select name from items) select max(name) from c)`,
    sql`(with c as (select 1 as a) select max(name) from c, items)`,
    sql`(with c as (select 1 as a) select max(name) from c as d, items)`,
    sql`(with c as (select 1 as a) select max(name) from c join items on 1 = 1)`,
    sql`(with c as (select 1 as a) select (select max(name) from items) from c)`,
    sql`(with c as (select 1 as a), d as (select name from items) select max(name) from d)`,
    sql`(with c as (with d as (select name from items) select name from d) select max(name) from c)`,
    sql`(with items as (select * from items) select max(name) from items)`,
    sql`(with c as (select 1 as a) select max(name) from c ${listed("d", "items")})`,
    sql`(with c as (select 1 as a) select * from c ${eb.parens(sql`1`)})`,
    sql`(with c(name) as (select max(name) from items) select name from c)`,
    sql`(with recursive c(name) as (select max(name) from items) select name from c)`,
    sql`coalesce((select max(name) from items), '')`,
    sql`lower((select max(name) from items))`,
    sql`trim((select max(name) from items))`,
    sql`trim(both ' ' from (select max(name) from items))`,
    sql`trim(select name from items)`,
    sql`extract(year from (select max(created_at) from items)) + (select max(id) from items)`,
    sql`substring((select max(name) from items) from 1 for 9)`,
    sql`substring('x' from (select length(max(name)) from items))`,
    sql`(values ((select max(name) from items)))`,
    sql`(1), (select max(name) from items)`,
    sql`1 as a, (select max(name) from items)`,
    sql`1 as a, name from items`,
    sql`1) from items where (1=1`,
    sql`1 from items`,
    sql`1from items`,
    sql`1 union select name from items`,
    sql`1 union all select name from items --`,
    sql`1 /* */ union select name from items`,
    sql`'' || (select max(name) from items) || ''`,
    sql`'a''' || (select max(name) from items) || '''a'`,
    sql`${"x"} || (select max(name) from items)`,
    sql`${sql`(select max(name)`} ${sql`from items)`}`,
    sql`(${sql`select`} ${sql.ref("name")} ${sql`from`} ${sql.table("items")})`,
    sql`(select max(name) from${sql` items`})`,
    sql`(select max(name)from items)`,
    sql`(select max(name)from(items))`,
    sql`(select max(name) from"items")`,
    sql`case (select max(name) from items) when 'xk-secret' then 1 end`,
    sql`(select name from items limit 1 offset 2)`,
    sql`exists (select 1 from items where name = 'xk-secret')`,
    sql`1 in (select id from items)`,
    sql`not exists (select 1 from items where name = 'xk-secret')`,
    sql`(select distinct name from items)`,
    sql`(select is distinct from items)`,
    sql`(select name is distinct, name from items)`,
    sql`0xfrom items`,
    sql`1_from items`,
    sql`1e1from items`,
    sql`.5from items`,
    sql`1; select name from items`,
    sql`1; drop table items`,
    sql`(delete from items returning name)`,
    sql`(update items set name = 'x' returning name)`,
    sql`(insert into notes select id, name, null from items returning label)`,
  ],
  postgres: [
    sql`(table items)`,
    sql`(select max(name) from only items)`,
    sql`(select max(name) from only (items))`,
    sql`(with c as (table items) select max(name) from c)`,
    sql`(with c as (delete from items returning *) select max(name) from c)`,
    sql`(with c as (select 1) select max(name) from only items)`,
    sql`(select max(name) from generate_series(1, 2) as g, items)`,
    sql`(select max(name) from generate_series(1, 2), items)`,
    sql`(select max(name) from rows from (generate_series(1, 2)), items)`,
    sql`(select max(name) from lateral (select * from items) as i)`,
    sql`(select max(name) from (values (1)) as v(x), items)`,
    sql`(select max(name) from (values (1)) as v(x), lateral (table items) as i)`,
    sql`(select max(name) from (values ((select 1 from items))) as v(x))`,
    sql`(select max(name) from items tablesample system (100))`,
    sql`array(select name from items)`,
    sql`array(table items)`,
    sql`array[(select max(name) from items)]`,
    sql`(array(select name from items))[3]`,
    sql`any(array(select name from items))`,
    sql`'x' = any(select name from items)`,
    sql`(select string_agg(name, ',') from public.items)`,
    sql`(select x from (table items) as x)`,
    sql`extract(year from created_at) from items`,
    sql`overlay((select max(name) from items) placing '' from 1)`,
    sql`position('x' in (select max(name) from items))`,
    sql`'\\' || (select max(name) from items) || '\\'`,
    sql`'\\'' || (select max(name) from items) || '\\'''`,
    sql`e'\\'' || (select max(name) from items) || e'\\''`,
    sql`E'\\\\' || (select max(name) from items) || E'\\\\'`,
    sql`e'a'\n'\\' || (select max(name) from items) || '`,
    sql`E'a'\n'\\'' || (select max(name) from items) || ''`,
    sql`U&'\\0041' || (select max(name) from items)`,
    sql`u&'!0041' uescape '!' || (select max(name) from items)`,
    sql`B'1'::text || (select max(name) from items)`,
    sql`$$x$$ || (select max(name) from items)`,
    sql`$a$'$a$ || (select max(name) from items) || $a$'$a$`,
    sql`'{}'::jsonb || to_jsonb((select max(name) from items))`,
    sql`"items" from "items"`,
    sql`(select max("name") from U&"\\0069tems")`,
    sql`(select max(name) from U&"!0069tems" uescape '!')`,
    sql`set_config('role', 'postgres', false)`,
    sql`set_config('search_path', 'other', false)`,
    sql`set_config('row_security', 'off', false)`,
    sql`set_config('session_authorization', 'postgres', false)`,
    sql`set_config('standard_conforming_strings', 'off', false)`,
    sql`set_config(${"role"}, ${"postgres"}, false)`,
    sql`set_config('ro' || 'le', 'postgres', false)`,
    sql`pg_catalog.set_config('role', 'postgres', false)`,
    sql`"set_config"('role', 'postgres', false)`,
    sql`"pg_catalog"."set_config"('search_path', 'other', false)`,
    sql`SET_CONFIG('SEARCH_PATH', 'other', false)`,
    sql`${sql.id("set_config")}('role', 'postgres', false)`,
    sql`set_config(setting_name => 'role', new_value => 'x', is_local => false)`,
    sql`set_config(is_local => false, new_value => 'x', setting_name => 'role')`,
    sql`set_config(variadic array['role', 'x'])`,
    sql`set_config ${eb.tuple(eb.val("role"), eb.val("x"), eb.val(false))}`,
  ],
  mysql: [
    sql`'\\' or exists(select 1 from items) or \\''`,
    sql`'\\' || (select max(name) from items) || '`,
    sql`'\\\\\\' || (select max(name) from items) || '`,
    sql`'a\\\\' or (select max(name) from items) or '\\\\'`,
    sql`"\\" or (select max(name) from items) or "`,
    sql`"\\"" or (select max(name) from items) or ""`,
    sql`\`a\\\` or (select max(name) from items) or \``,
    sql`'it\\'s' or (select max(name) from items)`,
    sql`1 /*! union select name from items */`,
    sql`1 /*M! union select name from items */`,
    sql`1 /*!50000 union select name from items */`,
    sql`1 # \n union select name from items`,
    sql`(select max(name) from items use index ())`,
    sql`(select max(name) from items partition (p0))`,
    sql`(select max(name) from (items, notes))`,
    sql`(select max(name) from (select 1 as one) as o straight_join items)`,
    sql`(select max(name) from json_table('[1]', '$[*]' columns (n int path '$')) as j, items)`,
    sql`(table items limit 1)`,
    sql`1 into outfile '/tmp/x'`,
    sql`(select name from items limit 1 into @x)`,
    sql`_utf8'x' or (select max(name) from items)`,
    sql`n'x' or (select max(name) from items)`,
    sql`insert((select max(name) from items), 1, 1, '')`,
    sql`truncate((select max(id) from items), 1)`,
    sql`"load_file"('/etc/passwd')`,
  ],
  sqlite: [
    sql`1 in items`,
    sql`1 in "items"`,
    sql`1 in main.items`,
    sql`1 in 'items'`,
    sql`1 in [items]`,
    sql`1 in \`items\``,
    sql`(1, 2) in items`,
    sql`1 not in items`,
    sql`1 in ${sql.table("items")}`,
    sql`1 in ${sql.id("items")}`,
    sql`1 in ${sql.lit("items")}`,
    sql`(select 1 in items)`,
    sql`(select max(name) from 'items')`,
    sql`(select max(name) from [items])`,
    sql`(select max(name) from main.items)`,
    sql`(select max(name) from items indexed by x)`,
    sql`(select max(name) from items not indexed)`,
    sql`(select max(name) from json_each('[1]'), items)`,
    sql`(select max(name) from json_each('[1]') as j, items)`,
    sql`(select max(name) from json_each('[1]') join items)`,
    sql`(select group_concat(sql) from sqlite_schema)`,
    sql`(select count(*) from pragma_table_info('items'), items)`,
    sql`'\\' || (select max(name) from items) || '\\'`,
    sql`'\\'' || (select max(name) from items) || '\\'''`,
    sql`"\\" || (select max(name) from items) || "\\"`,
    sql`e'x' || (select max(name) from items)`,
    sql`x'00' || (select max(name) from items)`,
    sql`'a\u0000' || (select max(name) from items)`,
  ],
};

/** What stands for a table and is not one alone. */
const relations: Readonly<Record<Family | "all", readonly RawBuilder<any>[]>> = {
  all: [
    sql`(items)`,
    sql`items, notes`,
    sql`(select * from items)`,
    sql`(select 1), items`,
    sql`(select 1 as id) as o, items`,
    sql`(select 1 as id) as o join items on 1 = 1`,
    sql`((select 1 as id) as o, items)`,
    sql`((select 1 as id) as o join items on 1 = 1)`,
    sql`(select 1 union select id from items)`,
    sql`(select 1) union select name from items`,
    sql`(values (1)), items`,
    sql`(values (1)) as v, items`,
    sql`(values (1)) as v join items on 1 = 1`,
    sql`((values (1)) as v, items)`,
    sql`(values (1) union select name from items)`,
    sql`(values ((select max(name) from items)))`,
    sql`(values (1), (select max(name) from items))`,
    sql`(with c as (select * from items) select * from c)`,
    sql`(with c as (select 1 as a) select * from c, items)`,
    sql`(with items as (select * from items) select * from items)`,
    sql`(values (1)), ${sql.table("items")}`,
    sql`(values (1)) as v, ${sql.table("items")}`,
    sql`(${sql.table("items")})`,
    sql`(select * from ${sql.table("items")})`,
  ],
  postgres: [
    sql`only items`,
    sql`(table items)`,
    sql`(values (1)) as v cross join lateral (table items) as i`,
    sql`lateral (select * from items)`,
    sql`rows from (generate_series(1, 2)), items`,
    sql`generate_series(1, 2), items`,
    sql`generate_series(1, 2) as g, items`,
    sql`generate_series(1, (select max(id) from items))`,
    sql`pg_catalog.generate_series(1, 2), items`,
    sql`unnest(array(select name from items))`,
    sql`public.generate_series(1, 2)`,
    sql`pg_catalog.query_to_xml('select * from items', true, true, '')`,
    sql`pg_catalog.ts_stat('select to_tsvector(name) from items')`,
    sql`pg_catalog.pg_stat_activity`,
    sql`pg_catalog.pg_stats`,
    sql`pg_catalog."items"`,
    sql`items tablesample system (100)`,
  ],
  mysql: [
    sql`(items, notes)`,
    sql`(items) as i`,
    sql`items partition (p0)`,
    sql`items use index ()`,
    sql`json_table('[1]', '$[*]' columns (n int path '$')) as j, items`,
    sql`json_table((select name from items), '$[*]' columns (n int path '$'))`,
  ],
  sqlite: [
    sql`json_each('[1]'), items`,
    sql`json_each((select max(name) from items))`,
    sql`json_each('[1]') as j join items`,
    sql`items not indexed`,
    sql`main.items, notes`,
    sql`dbstat`,
    sql`sqlite_dbpage`,
    sql`fsdir('/')`,
    sql`dbstat('main')`,
  ],
};

/** Statements of their own. */
const statements: Readonly<Record<Family | "all", readonly RawBuilder<any>[]>> = {
  all: [
    sql`select * from items`,
    sql`select name from items where name = ${"xk-secret"}`,
    sql`select 1 union select name from items`,
    sql`select (select max(name) from items)`,
    sql`with c as (select * from items) select * from c`,
    sql`with c as (select 1 as a) select * from c, items`,
    sql`select 1; select * from items`,
    sql`values ((select max(name) from items))`,
    sql`delete from items`,
    sql`update items set name = 'x'`,
    sql`insert into notes (id, label) select id, name from items`,
    sql`drop table items`,
    sql`alter table items rename to others`,
    sql`create table others as select * from items`,
    sql`create view others as select * from items`,
    sql`explain select * from items`,
    sql`commit`,
    sql`rollback`,
    sql`begin`,
    sql`savepoint a; select * from items`,
    sql`savepoint ${sql.id("a")} select * from items`,
    sql`(select * from items)`,
    sql`${sql`select`} * ${sql`from items`}`,
    sql`${sql.table("items")}`,
    sql``,
  ],
  postgres: [
    sql`table items`,
    sql`set role postgres`,
    sql`set local role postgres`,
    sql`set session role postgres`,
    sql`SET ROLE NONE`,
    sql`reset role`,
    sql`reset all`,
    sql`reset search_path`,
    sql`reset session authorization`,
    sql`set session authorization postgres`,
    sql`set local session authorization postgres`,
    sql`set session authorization default`,
    sql`set search_path to other`,
    sql`set local search_path = other, public`,
    sql`SET LOCAL "search_path" TO other`,
    sql`set "role" to postgres`,
    sql`set schema 'other'`,
    sql`set local schema 'other'`,
    sql`set row_security = off`,
    sql`set local row_security to off`,
    sql`set standard_conforming_strings = off`,
    sql`set local backslash_quote = on`,
    sql`set names 'sjis'`,
    sql`set client_encoding to sjis`,
    sql`set local_preload_libraries = 'x'`,
    sql`set session_preload_libraries = 'x'`,
    sql`set statement_timeout = 1; set role postgres`,
    sql`set local statement_timeout = (select max(id) from items)`,
    sql`set transaction snapshot '1'`,
    sql`discard all`,
    sql`copy items to stdout`,
    sql`copy (select * from items) to '/tmp/x'`,
    sql`do $$ begin perform 1; end $$`,
    sql`do 'begin perform 1; end'`,
    sql`call f()`,
    sql`prepare p as select * from items`,
    sql`execute p`,
    sql`declare c cursor for select * from items`,
    sql`fetch all from c`,
    sql`truncate items`,
    sql`lock table items`,
    sql`security label on table items is 'x'`,
    sql`grant select on items to public`,
    sql`explain analyze table items`,
    sql`explain (analyze) select * from items`,
    sql`select set_config('role', 'postgres', false)`,
    sql`select set_config('search_path', ${"other"}, false)`,
    sql`select * from query_to_xml('select * from items', true, true, '')`,
    sql`with s as (select set_config('role', 'x', true)) select * from s`,
    sql`notify channel, 'x'; select * from items`,
    sql`show all; select * from items`,
  ],
  mysql: [
    sql`set sql_mode = 'NO_BACKSLASH_ESCAPES'`,
    sql`set session sql_mode = 'ANSI_QUOTES'`,
    sql`set @@sql_mode = ''`,
    sql`set @@session.sql_mode = ''`,
    sql`set names gbk`,
    sql`set character set gbk`,
    sql`set character_set_client = gbk`,
    sql`set global max_connections = 1`,
    sql`set role admin`,
    sql`set default role admin`,
    sql`set password = 'x'`,
    sql`set @x = (select max(name) from items)`,
    sql`set @x = 1, sql_mode = ''`,
    sql`set foreign_key_checks = 0, sql_mode = ''`,
    sql`set time_zone = (select max(name) from items)`,
    sql`set statement max_statement_time = 1 for select * from items`,
    sql`set time_zone = '+00:00'; select * from items`,
    sql`handler items open`,
    sql`use other`,
    sql`table items`,
    sql`load data infile '/tmp/x' into table items`,
    sql`prepare s from 'select * from items'`,
    sql`execute s`,
    sql`execute immediate 'select * from items'`,
    sql`call f()`,
    sql`do (select max(name) from items)`,
    sql`truncate items`,
    sql`lock tables items read`,
    sql`show create table items`,
    sql`analyze table items`,
    sql`describe items`,
    sql`select name from items into @x`,
    sql`select 1 into outfile '/tmp/x'`,
    sql`select get_lock((select max(name) from items), 1)`,
  ],
  sqlite: [
    sql`attach database ':memory:' as other`,
    sql`detach database other`,
    sql`pragma writable_schema = on`,
    sql`pragma trusted_schema = on`,
    sql`pragma main.writable_schema = 1`,
    sql`pragma foreign_keys = on; select * from items`,
    sql`pragma user_version = (select max(id) from items)`,
    sql`pragma temp_store_directory = '/tmp'`,
    sql`pragma key = 'x'`,
    sql`vacuum into '/tmp/x.db'`,
    sql`replace into notes select id, name, null from items`,
    sql`reindex items`,
    sql`select load_extension('x')`,
  ],
};

/** Aliases of relations that go on with FROM. */
const aliases: readonly RawBuilder<any>[] = [
  sql`n, items`,
  sql`n join items on 1 = 1`,
  sql`n cross join items`,
  sql`n where 1 = 1 union select * from items`,
  sql`n(a), items`,
  sql`n(a) join items on 1 = 1`,
  sql`n(a, b) -- `,
  sql`n /* */, items`,
  sql`n, ${sql.table("items")}`,
  sql`${sql.id("n")}, ${sql.table("items")}`,
];

/** Every attack on databases of a family. */
export function attacksOn(family: Family): readonly Attack[] {
  const of = <T>(lists: Readonly<Record<Family | "all", readonly T[]>>): readonly T[] => [
    ...lists.all,
    ...lists[family],
  ];
  const text = (builder: RawBuilder<any>): string =>
    JSON.stringify(fragments(builder.toOperationNode() as RawNode));
  return [
    ...Object.entries(readers[family]).flatMap(([name, args]) => callsOf(family, name, args)),
    ...of(expressions).flatMap((e) => everywhere(text(e), e)),
    ...of(relations).flatMap((e): Attack[] => [
      {
        name: `${text(e)} in FROM`,
        run: (db) => db.selectFrom(e.as(sql`r`)).selectAll().execute(),
      },
      {
        name: `${text(e)} in FROM, second`,
        run: (db) => db.selectFrom(["notes", e.as(sql`r`)] as any).selectAll().execute(),
      },
      {
        name: `${text(e)} in a join`,
        run: (db) =>
          db.selectFrom("notes").rightJoin(e.as<"r">(sql`r`), (join) => join.onTrue())
            .selectAll().execute(),
      },
    ]),
    ...of(statements).map((e): Attack => ({ name: text(e), run: (db) => e.execute(db) })),
    ...aliases.flatMap((alias): Attack[] => [
      {
        name: `alias ${text(alias)}`,
        run: (db) => db.selectFrom(sql.table("notes").as<"n">(alias)).selectAll().execute(),
      },
      {
        name: `alias ${text(alias)} of values`,
        run: (db) => db.selectFrom(sql`(values (1, 2))`.as<"n">(alias)).selectAll().execute(),
      },
      {
        name: `alias ${text(alias)} of an expression`,
        run: (db) => db.selectNoFrom(sql`1`.as<"n">(alias)).execute(),
      },
    ]),
  ];
}

/** The text of raw SQL, with what stands in it. */
function fragments({ sqlFragments, parameters }: RawNode): string {
  return sqlFragments.map((part, i) => {
    const parameter = parameters[i];
    if (parameter === undefined) return part;
    if (parameter.kind === "RawNode") return part + fragments(parameter as RawNode);
    return `${part}\${${JSON.stringify(parameter)}}`;
  }).join("");
}
