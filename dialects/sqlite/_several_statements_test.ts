import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { BadRequestError } from "@kysera/core";
import { hasSeveralStatements, refuseSeveralStatements } from "./_several_statements.ts";

const TRIGGER = "trigger t after insert on a begin insert into b values (1); delete from c; end";

describe("hasSeveralStatements()", () => {
  for (
    const sql of [
      "select 1",
      "select 1;",
      "select 1; -- and a comment\n /* and ; another */ ; ",
      ";; select 1",
      "select ';' , \"a;b\", `c;d`, [e;f] from t",
      "select 'it''s; fine' -- ; select 2",
      "select 'open; quote",
      "select 1 /* open; comment",
      `create ${TRIGGER}`,
      `CREATE TEMP ${TRIGGER};`,
      `explain query plan create temporary ${TRIGGER};`,
      "create trigger if not exists t after insert on a begin select case when 1 then 2 end; end;",
    ]
  ) {
    it(`is false of ${JSON.stringify(sql)}`, () => assert.equal(hasSeveralStatements(sql), false));
  }

  for (
    const sql of [
      "select 1; select 2",
      "select 1;delete from t",
      "; select 1 ;; x",
      "select 'a''; b'; delete from t",
      'select "a"";"; delete from t',
      "select 1 -- ;\n; delete from t",
      "select 1; 'x'",
      `create ${TRIGGER}; delete from t`,
      "create table trigger_t (a); end; drop table t",
    ]
  ) {
    it(`is true of ${JSON.stringify(sql)}`, () => assert.equal(hasSeveralStatements(sql), true));
  }

  it("takes time in proportion to the text", () => {
    for (const part of ["'", '"', "/*", "--", "[", ";", " ", "a", "create trigger ; end "]) {
      const started = performance.now();
      hasSeveralStatements(`select 1 ${part.repeat(200_000)}`);
      assert.ok(performance.now() - started < 2_000, part);
    }
  });
});

describe("refuseSeveralStatements()", () => {
  it("names the database, and nothing of the text", () => {
    assert.throws(
      () => refuseSeveralStatements("select 'secret'; select 2", "D1"),
      (error) =>
        error instanceof BadRequestError && error.message.includes("D1") &&
        !error.message.includes("secret"),
    );
  });
});
