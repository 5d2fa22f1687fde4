import type { Dialect } from "@kysera/core";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CliError } from "../../contract/_cli_error.ts";
import { readingStatement } from "./_read_statement.ts";

const ALL: readonly Dialect[] = ["postgres", "sqlite", "mysql"];

describe("readingStatement()", () => {
  it("takes one statement that only reads", () => {
    for (const dialect of ALL) {
      for (
        const sql of [
          "select 1",
          "select u.name, count(*) as n from users u left join posts p on p.user_id = u.id " +
          "where u.name like 'a''; drop%' and (p.likes > 1.5e3 or p.id in (1, 2)) " +
          "group by u.name having count(*) > 1 order by n desc limit 10;",
          "with a as (select id from users) select * from a union all (select 2)",
          "select row_number() over (partition by a order by b) from t",
          "select cast(a as varchar(10)), case when (a) then (b) else 'insert into' end from t",
        ]
      ) {
        const { names } = readingStatement(sql, dialect);
        assert.ok(names.size > 0, sql);
      }
    }
    assert.deepEqual(
      readingStatement("select x from \"Users\" where a->>'b' = 'c'", "postgres").names,
      new Set(["select", "x", "from", "Users", "where", "a"]),
    );
    assert.ok(readingStatement("select pg_catalog.lower(a[1]::text) from t", "postgres"));
  });

  it("refuses whatever may do more, or be read by others in another way", () => {
    refuses(ALL, [
      ...["", ";", "insert into t values (1)", "update t set a = 1", "delete from t", "table t"],
      ...["explain select 1", "select 1; select 2", "select 1;; drop table t", "values (1)"],
      "with a as (delete from t returning *) select * from a",
      ...["select * into copy from t", "select * from t for update", "select * from t for share"],
      ...["select 1 -- x", "select /* x */ 1", "select /*! sleep(9) */ 1", "select 1 /*"],
      ...["select sleep(9)", "select SLEEP (9)", 'select "sleep"(9)', "select a.lower(b) from t"],
      ...["select 1)", "select (1", "select 'a", 'select "a', "select 'a\\'", "select 1into t"],
      ...["select 'a' 'b'", "select x'00'", "select 1e5x", "select a from t\u0000"],
      "select 1 " + "x".repeat(20_000),
    ]);
    refuses(["postgres"], [
      ...[
        "select pg_sleep(9)",
        "select pg_catalog.pg_sleep(9)",
        "select set_config('a', 'b', true)",
      ],
      ...["select * from pg_shadow", "select * from pg_catalog.pg_class", "select lo_import('x')"],
      ...["select dblink('a', 'b')", "select query_to_xml('select 1', true, true, '')"],
      ...["select pg_read_file('x')", "select * from information_schema.tables", "copy t to '/x'"],
      ...["select $1", "select $$a$$", "select E'\\x41'", 'select U&"\\0061"', 'select u&"x"'],
      ...["select * from pg_stats", "select current_setting('a')", "select operator(s.+)(1, 2)"],
      `select * from "${"x".repeat(64)}"`,
    ]);
    refuses(["mysql"], [
      ...["select load_file('x')", "select * from t into outfile 'x'", "select @@version"],
      ...["select @a := 1", "select benchmark(9, 1)", "select * from mysql.user", 'select "a"'],
      ...["select get_lock('a', 1)", "select 1 # x", "select * from t procedure analyse()"],
      ...["select * from t lock in share mode", "select `sleep`(9)", "select _utf8'a'"],
    ]);
    refuses(["sqlite"], [
      ...["pragma query_only = off", "attach 'x' as y", "select load_extension('x')"],
      ...["select * from pragma_table_info('t')", "select * from sqlite_master", "select ?"],
      ...["select writefile('x', 'y')", "select [load_extension]('x')", "select :a", "select @a"],
      "with recursive r as (select 1 union all select * from r) select count(*) from r",
    ]);
  });
});

function refuses(dialects: readonly Dialect[], texts: readonly string[]): void {
  for (const dialect of dialects) {
    for (const sql of texts) {
      assert.throws(() => readingStatement(sql, dialect), CliError, `${dialect}: ${sql}`);
    }
  }
}
