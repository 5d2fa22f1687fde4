import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { fuzzPart } from "../support/random.ts";
import { bothWays } from "./_walk.ts";

/** A column's type, and values that its neighbours are easily taken for, as SQL. */
type Case = readonly [type: string, values: readonly string[], skipOn?: "pglite"];

const postgres: readonly Case[] = [
  ["timestamptz", [
    "'2026-01-01 00:00:00.000001+00'",
    "'2026-01-01 00:00:00.000002+00'",
    "'2026-01-01 00:00:00.000999+00'",
    "'2026-01-01 00:00:00.001+00'",
    "'infinity'",
    "'-infinity'",
    "'0044-03-15 12:00:00+00 BC'",
    "'294276-01-01 00:00:00+00'",
  ]],
  ["timestamp", ["'2026-03-29 02:30:00.000001'", "'2026-03-29 02:30:00.000002'", "'infinity'"]],
  ["date", ["'2026-01-01'", "'2026-01-02'", "'infinity'", "'0001-01-01 BC'"]],
  ["time", ["'10:00:00.000001'", "'10:00:00.000002'", "'24:00:00'"]],
  ["timetz", ["'10:00:00+02'", "'10:00:00+01'", "'10:00:00.000001+01'"]],
  ["interval", ["'1 day'", "'25 hours'", "'1 mon 1 day 00:00:00.000001'", "'-3 days'"]],
  ["int8", ["9007199254740992", "9007199254740993", "-9223372036854775808", "9223372036854775807"]],
  ["numeric", [
    "0.1",
    "0.10000000000000000000000000000000000001",
    "12345678901234567890.000000000000000001",
    "12345678901234567890.000000000000000002",
    "'NaN'",
    "-1e100",
  ]],
  ["float8", ["0.1", "0.30000000000000004", "0.3", "'NaN'", "'Infinity'", "'-Infinity'", "5e-324"]],
  ["float4", ["0.1", "0.2", "16777216", "'NaN'"]],
  ["boolean", ["true", "false"]],
  ["bytea", ["'\\x00ff'", "'\\x00'", "'\\x'", "'\\xff00'"]],
  ["uuid", [
    "'00000000-0000-0000-0000-000000000001'",
    "'00000000-0000-0000-0000-000000000002'",
    "'ffffffff-0000-0000-0000-000000000000'",
  ]],
  ["varchar(20)", ["'a'", "'A'", "''", "'[1]'", "'{\"a\":1}'", "'2026-01-01'", "'ä'", "'a '"]],
  ["char(4)", ["'a'", "'ab'", "''", "'b'"]],
  ['"char"', ["'a'", "'b'"]],
  ["text[]", ["'{a,b}'", "'{a}'", "'{\"a,b\"}'", "'{NULL}'"]],
  ["varchar(5)[]", ["'{a,b}'", "'{a}'"]],
  ["bit(2)[]", ["'{10,01}'", "'{11}'"]],
  ["int[]", ["'{1,2}'", "'{1}'", "'{10}'"]],
  ["timestamptz[]", ["'{2026-01-01 00:00:00.000001+00}'", "'{2026-01-01 00:00:00.000002+00}'"]],
  ["inet", ["'10.0.0.1'", "'10.0.0.2'", "'::1'"]],
  ["bit(3)", ["b'101'", "b'110'", "b'011'"]],
  ["jsonb", ["'1'", "'{\"a\": 1}'", "'{\"a\": 2}'", "'[1]'", "'\"x\"'"]],
  ["mood", ["'happy'", "'sad'", "'angry'"]],
  ["regclass", ["'pg_class'", "'pg_type'", "'pg_attribute'"]],
  ["numrange", ["'(1,2)'", "'[1,3)'", "'(,)'"]],
  ["int4range", ["'[1,2)'", "'[1,3)'", "'empty'"]],
];

const mysql: readonly Case[] = [
  ["datetime(6)", [
    "'2026-01-01 00:00:00.000001'",
    "'2026-01-01 00:00:00.000002'",
    "'2026-01-01 00:00:00.000999'",
    "'1000-01-01 00:00:00'",
    "'9999-12-31 23:59:59.999999'",
  ]],
  ["timestamp(6) null", ["'2026-01-01 00:00:00.000001'", "'2026-01-01 00:00:00.000002'"]],
  ["date", ["'2026-01-01'", "'2026-01-02'", "'1000-01-01'"]],
  ["time(6)", ["'10:00:00.000001'", "'10:00:00.000002'", "'-838:00:00'"]],
  ["year", ["2026", "1999", "2027"]],
  ["bigint", ["9007199254740992", "9007199254740993", "-9223372036854775808"]],
  ["bigint unsigned", ["18446744073709551614", "18446744073709551615", "0"]],
  ["decimal(40, 20)", [
    "0.1",
    "0.10000000000000000001",
    "12345678901234567890.00000000000000000001",
    "12345678901234567890.00000000000000000002",
    "-1",
  ]],
  ["double", ["0.1", "0.30000000000000004", "0.3", "1e300", "-5e-324", "1e21"]],
  ["float", ["0.1", "0.2", "16777216", "16777215", "1e30", "-0.1"]],
  ["enum('z', 'a', 'm')", ["'a'", "'m'", "'z'"]],
  ["set('z', 'a', 'm')", ["'a'", "'m'", "'z'", "'z,m'", "'z,a'"]],
  // Labels whose order as text, or as numbers, is another one
  ["enum('5min', '15min', '1h')", ["'5min'", "'15min'", "'1h'"]],
  ["enum('2', '1', '10')", ["'2'", "'1'", "'10'"]],
  ["enum('1', '0')", ["'1'", "'0'"]],
  ["enum('-', '+', '.5')", ["'-'", "'+'", "'.5'"]],
  ["enum('', 'x', '1x')", ["''", "'x'", "'1x'"]],
  ["enum('small', '10x')", ["'small'", "'10x'"]],
  ["set('3d', '2d')", ["'3d'", "'2d'", "'3d,2d'", "''"]],
  ["set('2', '1', '10')", ["'2'", "'1'", "'2,1'", "'10'"]],
  [`set(${Array.from({ length: 64 }, (_, i) => `'${64 - i}'`).join(", ")})`, [
    "'1'",
    "'1,64'",
    "'1,63'",
    "'2'",
    "'64'",
    "'1,2,3,64'",
  ]],
  ["bit(1)", ["b'0'", "b'1'"]],
  ["bit(8)", ["b'0'", "b'1'", "b'110000'", "b'110001'", "b'11111111'"]],
  ["bit(64)", ["0", "1", "18446744073709551615", "18446744073709551614", "9223372036854775808"]],
  ["tinyint(1)", ["0", "1"]],
  ["smallint unsigned", ["0", "65535", "9", "10"]],
  ["int(5) zerofill", ["5", "10", "99999"]],
  ["decimal(65, 30)", ["0.000000000000000000000000000001", "0.1", "-0.1", "99999"]],
  ["uuid", [
    "'00000000-0000-0000-0000-000000000001'",
    "'00000001-0000-0000-0000-000000000000'",
    "'0b5c8d3e-9f1c-11ee-8c90-0242ac120002'",
    "'ffffffff-0000-1000-8000-000000000000'",
    "'0b5c8d3e-9f1c-41ee-8c90-0242ac120002'",
  ]],
  ["inet4", ["'10.0.0.2'", "'10.0.0.10'", "'9.0.0.1'", "'255.0.0.1'"]],
  ["inet6", ["'::1'", "'::ffff:10.0.0.1'", "'fe80::1'", "'::10'"]],
  ["json", [
    "'{\"a\":1}'",
    "'[]'",
    "'null'",
    "'1'",
    "'10'",
    "'9'",
    "'\"x\"'",
    "'\"x y\"'",
    "'true'",
  ]],
  ["char(4)", ["'a'", "'ab'", "''", "'B'"]],
  ["binary(3)", ["x'00'", "x'31'", "'10'", "x'ff'"]],
  ["longblob", ["x'00ff'", "x'00'", "x''", "'9'", "'10'"]],
  ["longtext", ["'a'", "'B'", "'10'", "'9'"]],
  ["varchar(20) character set latin1", ["'a'", "'ä'", "'z'", "'10'", "'9'"]],
  ["boolean", ["true", "false"]],
  ["varbinary(10)", ["x'00ff'", "x'00'", "x''", "x'ff00'", "'123'"]],
  ["varchar(20)", ["'a'", "'B'", "'1.10'", "'1.1'", "''", "'2026-01-01'", "'ä'"]],
  ["varchar(20) collate utf8mb4_bin", ["'a'", "'A'", "'ä'", "'[1]'"]],
  ["text", ["'a'", "'b'", "'12'", "'5'"]],
];

const sqlite: readonly Case[] = [
  ["", [
    "9007199254740992",
    "9007199254740993",
    "-9223372036854775808",
    "9223372036854775807",
    "0.1",
    "0.30000000000000004",
    "0.3",
    "9e999",
    "-9e999",
    "5e-324",
    "'a'",
    "'A'",
    "''",
    "'5'",
    "5",
    "x'00ff'",
    "x''",
    "x'35'",
  ]],
  ["integer", ["9007199254740993", "9007199254740992", "1.5", "'text'"]],
  ["real", ["0.1", "0.2", "9007199254740993", "'text'"]],
  ["text", ["'a'", "'5'", "'10'", "5", "'[1]'", "'2026-01-01T00:00:00.000Z'", "x'61'"]],
  ["text collate nocase", ["'a'", "'B'", "'c'"]],
  ["numeric", ["'1.10'", "'1e3'", "'abc'", "2"]],
  ["text", ["'a' || char(0) || 'b'", "'a' || char(0) || 'c'", "'a'", "'a' || char(0)", "'b'"]],
  ["text collate nocase", ["'a' || char(0) || 'B'", "'A' || char(0) || 'c'", "'a'", "'b'"]],
  ["blob", ["x'00'", "x'0000'", "x'ff'", "'text'", "1"]],
];

/** An ORDER BY as the database itself has it. */
function orderOf(
  dialect: string,
  x: string,
  direction: "asc" | "desc",
  nulls: "first" | "last" | undefined,
): string {
  if (nulls === undefined) return `${x} ${direction}`;
  if (dialect !== "mysql") return `${x} ${direction} nulls ${nulls}`;
  return `${x} is null ${nulls === "first" ? "desc" : "asc"}, ${x} ${direction}`;
}

onEveryDialect("paginateCursor() keeps values exactly", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  before(async () => {
    database = await dialect.open();
    db = database.db;
    if (dialect.dialect === "postgres") {
      await sql`create type mood as enum ('sad', 'happy', 'angry')`.execute(db);
    }
  });

  after(() => database.close());

  for (const [type, values] of fuzzPart({ postgres, mysql, sqlite }[dialect.dialect])) {
    it(`of type ${type || "any"}`, async () => {
      await sql`create table v (id integer primary key, x ${sql.raw(type)})`.execute(db);
      try {
        // Some values twice, and NULL
        const all = [...values, ...values.slice(0, 2), "null", "null"];
        const rows = all.map((value, index) => `(${index}, ${value})`).join(", ");
        await sql`insert into v (id, x) values ${sql.raw(rows)}`.execute(db);
        const query = db.selectFrom("v").select("id");
        for (const direction of ["asc", "desc"] as const) {
          for (const nulls of [undefined, "first", "last"] as const) {
            const order = sql.raw(orderOf(dialect.dialect, "x", direction, nulls));
            const { rows } = await sql`select id from v order by ${order}, id ${sql.raw(direction)}`
              .execute(db);
            for (const limit of [1, 3]) {
              const options = { orderBy: [{ column: "x", direction, nulls }], limit };
              assert.deepEqual(await bothWays(query, options), rows);
            }
          }
        }
      } finally {
        await sql`drop table v`.execute(db);
      }
    });
  }
});
