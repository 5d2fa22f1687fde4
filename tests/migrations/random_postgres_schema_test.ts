import { diffSchemas, dumpSchema, loadSchema, readSchema } from "@kysera/migrations/schema";
import fc from "fast-check";
import { type Kysely, type RawBuilder, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzProperty } from "../support/random.ts";
import { withTwo } from "./_databases.ts";

/** What is drawn: a number for each choice, and names. */
interface Drawn {
  readonly pieces: readonly number[];
  readonly choices: readonly number[];
  readonly names: readonly string[];
  readonly texts: readonly string[];
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  pieces: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
  choices: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
  names: fc.uniqueArray(
    fc.string({ unit: fc.constantFrom(..."ab\"' .;$-é\\"), minLength: 1, maxLength: 6 }),
    { minLength: 20, maxLength: 20 },
  ),
  texts: fc.array(fc.string({ unit: fc.constantFrom(..."a'\";$\\\n-/* "), maxLength: 8 }), {
    minLength: 10,
    maxLength: 10,
  }),
});

/** Hands out what was drawn, one after the other. */
class Draw {
  readonly #drawn: Drawn;
  #choice = 0;
  #name = 0;
  #text = 0;

  constructor(drawn: Drawn) {
    this.#drawn = drawn;
  }

  /** One of several pieces of SQL. */
  one(...of: readonly string[]): RawBuilder<unknown> {
    const { choices } = this.#drawn;
    return sql.raw(of[choices[this.#choice++ % choices.length]! % of.length]!);
  }

  /** A name that nothing else has. */
  name(): RawBuilder<unknown> {
    const number = this.#name++;
    return sql.id(`${this.#drawn.names[number % this.#drawn.names.length]}${number}`);
  }

  text(): RawBuilder<unknown> {
    return sql.lit(this.#drawn.texts[this.#text++ % this.#drawn.texts.length]!);
  }
}

/** Objects that belong together; each piece can be there several times. */
const PIECES: readonly ((draw: Draw) => RawBuilder<unknown>[])[] = [
  (draw) => {
    const [type, table] = [draw.name(), draw.name()];
    return [
      sql`create type ${type} as enum (${draw.text()}, 'another', 'third one')`,
      sql`comment on type ${type} is ${draw.text()}`,
      sql`create table ${table} (a ${type} default 'another', b ${type}[]
        ${draw.one("", "not null", "default '{another}'")})`,
      sql`create index on ${table} (a ${draw.one("", "desc", "nulls first")})
        where a <> 'another'`,
    ];
  },
  (draw) => {
    const [domain, table] = [draw.name(), draw.name()];
    return [
      sql`create domain ${domain} as ${draw.one("text", "varchar(9)", 'text collate "C"')}
        default ${draw.text()} ${draw.one("", "not null")}
        constraint ${draw.name()} check (value <> ${draw.text()}) check (length(value) < 99)`,
      sql`create table ${table} (a ${domain}, b ${domain}[], unique ${
        draw.one("", "(b),  unique")
      } (a) ${draw.one("", "deferrable", "deferrable initially deferred")})`,
      sql`comment on domain ${domain} is ${draw.text()}`,
    ];
  },
  (draw) => {
    const [table, policy] = [draw.name(), draw.name()];
    return [
      sql`create table ${table} (id integer primary key, tenant integer, note text)`,
      sql`alter table ${table} ${
        draw.one("enable row level security", "force row level security")
      }`,
      sql`create policy ${policy} on ${table} as ${draw.one("permissive", "restrictive")}
        for ${draw.one("all", "update")} to ${draw.one("public", "current_user")}
        using (tenant = 1 and note <> ${draw.text()}) with check (${draw.one("true", "id > 0")})`,
      sql`create policy ${draw.name()} on ${table} for ${
        draw.one("insert with check (tenant > 0)", "delete using (note is null)", "select")
      }`,
      sql`comment on policy ${policy} on ${table} is ${draw.text()}`,
    ];
  },
  (draw) => {
    const [call, table, trigger] = [draw.name(), draw.name(), draw.name()];
    return [
      sql`create function ${call}() returns trigger language plpgsql
        as 'begin perform 1; return new; end'`,
      sql`create table ${table} (id integer, b text)`,
      sql`create trigger ${trigger} ${draw.one("before", "after")} insert or update of b on ${table}
        for each row ${draw.one("", "when (new.b is not null)")} execute function ${call}()`,
      sql`alter table ${table} ${
        draw.one("disable", "enable", "enable always", "enable replica")
      } trigger ${trigger}`,
      sql`comment on trigger ${trigger} on ${table} is ${draw.text()}`,
    ];
  },
  (draw) => {
    const [table, part, sub] = [draw.name(), draw.name(), draw.name()];
    return [
      sql`create table ${table} (a integer not null, b integer ${draw.one("", "default 4")},
        c text ${draw.one("", 'collate "C"')}, ${draw.one("check (b > 0), ", "")}
        ${draw.one("primary key (a, b)", "unique (a, b)")}) partition by range (a, b)`,
      sql`create table ${part} partition of ${table} for values from (1, 1) to (10, 10)
        partition by hash (a, b)`,
      sql`create table ${sub} partition of ${part} for values with (modulus 2, remainder 1)`,
      sql`create table ${draw.name()} partition of ${table} default`,
      sql`create index ${draw.name()} on ${table} (c ${draw.one("", "text_pattern_ops")})`,
      sql`alter table ${sub} alter b set default 7`,
      sql`create index ${draw.name()} on ${draw.one("only", "")} ${table} using ${
        draw.one("btree", "hash")
      } (b)`,
    ];
  },
  (draw) => {
    const [parent, child] = [draw.name(), draw.name()];
    return [
      sql`create table ${parent} (a integer default 1, b text, check (a > 0))`,
      sql`create table ${child} (c integer, ${draw.one("b text not null,", "")}
        check (c > 1) ${draw.one("no inherit", "")}) inherits (${parent})`,
      sql`alter table ${child} alter a ${draw.one("set default 2", "drop default")}`,
      sql`create ${draw.one("unlogged", "")} table ${draw.name()} () inherits (${child})`,
    ];
  },
  (draw) => {
    const [one, two] = [draw.name(), draw.name()];
    const options = draw.one("", "(start 5 increment 3)", "(increment -2 cache 4)", "(cycle)");
    return [
      sql`create table ${one} (id ${draw.one("bigint", "smallint", "integer")}
        generated ${draw.one("always", "by default")} as identity ${options} primary key,
        s ${draw.one("serial", "bigserial")}, g integer generated always as (1 + 2) stored)`,
      sql`create table ${two} (id integer primary key,
        a integer references ${one} on delete ${draw.one("cascade", "set null", "no action")}
          on update ${draw.one("restrict", "cascade")} ${
        draw.one("", "deferrable initially deferred")
      })`,
      sql`alter table ${one} add foreign key (s) references ${two} ${draw.one("", "not valid")}`,
    ];
  },
  (draw) => {
    const [table, view, other] = [draw.name(), draw.name(), draw.name()];
    return [
      sql`create table ${table} (id integer primary key, a text, b text)`,
      sql`create view ${view} as select id, a, count(*) as ${draw.name()}
        from ${table} where b <> ${draw.text()} group by id`,
      sql`create ${draw.one("", "materialized")} view ${other} as select id from ${view}`,
      sql`comment on column ${view}.id is ${draw.text()}`,
    ];
  },
  (draw) => {
    const [call, table] = [draw.name(), draw.name()];
    return [
      sql`create function ${call}(a integer, b text default ${draw.text()}) returns integer
        language sql ${draw.one("immutable", "stable", "")} ${draw.one("strict", "")}
        as 'select a'`,
      sql`create table ${table} (a integer default ${call}(3), check (${call}(a) > 0))`,
      sql`comment on function ${call}(integer, text) is ${draw.text()}`,
    ];
  },
  (draw) => {
    const [type, table, call] = [draw.name(), draw.name(), draw.name()];
    return [
      sql`create type ${type} as (a integer, b text ${draw.one("", 'collate "C"')})`,
      sql`create table ${table} (t ${type}, r int4range, exclude using gist (r with &&))
        with (fillfactor = ${draw.one("70", "90")})`,
      sql`create function ${call}(${type}) returns setof ${table} language plpgsql
        as 'begin return; end'`,
    ];
  },
];

onEveryDialect("a random schema of PostgreSQL", (dialect) => {
  it("is the same after dump and load", async () => {
    await fc.assert(
      fc.asyncProperty(drawn, (drawn) =>
        withTwo(dialect, async (db, copy) => {
          await build(db, drawn);
          const schema = await readSchema(db);
          const script = await dumpSchema(db);
          await loadSchema(copy, script);
          const changes = diffSchemas(schema, await readSchema(copy));
          assert.deepEqual(changes.map(({ text }) => text), []);
          assert.equal(await dumpSchema(copy), script);
        })),
      // Each step towards a smaller case would build two schemas.
      { ...fuzzProperty(120), endOnFailure: true },
    );
  });
}, ["postgres", "pglite"]);

async function build(db: Kysely<any>, drawn: Drawn): Promise<void> {
  const draw = new Draw(drawn);
  for (const piece of drawn.pieces) {
    for (const statement of PIECES[piece % PIECES.length]!(draw)) await statement.execute(db);
  }
}
