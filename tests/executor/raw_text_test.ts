/** Reading raw SQL takes time in proportion to its length, whatever it holds. */
import { createExecutorSync, ExecutorError } from "@kysera/executor";
import { type Kysely, type RawBuilder, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy, type DummyName } from "./dummy.ts";
import { hideDeleted } from "./world.ts";
import { fuzzPart } from "../support/random.ts";

const LENGTH = 100_000;

/** Signs and words that something is looked for behind, or in pairs. */
const PIECES: readonly string[] = [
  "'",
  '"',
  "`",
  "[",
  "]",
  "(",
  ")",
  "()",
  "(select ",
  "\\",
  "'\\",
  "''",
  "' '",
  "e'' ",
  "$",
  "$a",
  "$1",
  "-",
  "- ",
  "/",
  "/ *",
  "*",
  "* ",
  ".",
  "a.",
  '"a".',
  ",",
  " ",
  "\n",
  "\t",
  "\0",
  "0",
  "0x",
  "1_",
  "1e",
  "a",
  "é",
  "\u{1F600}",
  "\u{F0000}",
  "in ",
  "in (",
  "from ",
  "from (select ",
  "from a ",
  ", a",
  "join ",
  "lateral ",
  "with a as (select 1) ",
  "(with a as (select 1) select * from a) ",
  "distinct from ",
  "is distinct from ",
  "f(",
  "trim(",
  "set_config(",
  "U&",
  "a = 1, ",
  "::a",
  "@",
  ":",
  "?",
  "for json path ",
  "as a ",
];

/** Every way that the text of raw SQL is read. */
const PLACES: Readonly<Record<string, (db: Kysely<any>, e: RawBuilder<any>) => unknown>> = {
  "an expression": (db, e) => db.selectFrom("users").select(e.as("e")).compile(),
  "a condition": (db, e) => db.selectFrom("users").selectAll().where(e).compile(),
  "ON": (db, e) =>
    db.selectFrom("tags").innerJoin("users", (join) => join.on(e)).selectAll().compile(),
  "FROM": (db, e) => db.selectFrom(e.as("e")).selectAll().compile(),
  "an alias": (db, e) => db.selectFrom(sql.table("tags").as<"e">(e)).selectAll().compile(),
  "behind IN": (db, e) => db.selectFrom("users").selectAll().where("id", "in", e).compile(),
  "the end": (db, e) => db.selectFrom("users").selectAll().modifyEnd(e).compile(),
  "a statement": (db, e) => e.compile(db),
  "SET": (db, e) => db.updateTable("users").set(e as any, 1).compile(),
};

describe("raw SQL of any length", () => {
  for (const name of ["postgres", "mysql", "sqlite", "mssql"] satisfies DummyName[]) {
    for (const rawSql of ["allow", "deny"] as const) {
      it(`is read in no time [${name}, rawSql: "${rawSql}"]`, () => {
        const db = createExecutorSync(dummy<any>(name), [hideDeleted], { rawSql });
        for (const [i, piece] of fuzzPart(PIECES.entries())) {
          const repeated = piece.repeat(Math.ceil(LENGTH / piece.length));
          for (const text of [repeated, `(a ${repeated} 'x`]) {
            for (const [j, [place, read]] of Object.entries(PLACES).entries()) {
              // Half of them here, the other half on another dialect.
              if ((i + j + name.length) % 2 === 0) continue;
              const start = performance.now();
              try {
                read(db, sql.raw(text));
              } catch (error) {
                assert.ok(error instanceof ExecutorError, `${place}, ${piece}: ${error}`);
              }
              const time = performance.now() - start;
              // What grows with the square takes minutes.
              assert.ok(time < 3_000, `${place}, ${JSON.stringify(piece)}: ${time} ms`);
            }
          }
        }
      });
    }
  }
});
