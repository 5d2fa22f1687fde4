import { columnReference } from "@kysera/executor";
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";

const db = new Kysely<any>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

it("columnReference() takes every name as it is", () => {
  const sqlOf = (table: string, column: string): string =>
    db.selectFrom("t").select(columnReference(table, column).as("x")).compile().sql;
  for (const name of ["a b", " a", "a ", "a as b", "a desc", 'a"b', "a->b", "id; drop table x"]) {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    assert.equal(sqlOf("t", name), `select "t".${quoted} as "x" from "t"`);
    assert.equal(sqlOf(name, "c"), `select ${quoted}."c" as "x" from "t"`);
  }
  assert.equal(sqlOf("s.t", "a.b"), 'select "s"."t"."a.b" as "x" from "t"');
});
