import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { RecurringStatements } from "./_recurring_statements.ts";

describe("RecurringStatements", () => {
  it("chooses a statement when it comes the second time", () => {
    const statements = new RecurringStatements(2);
    assert.deepEqual(["a", "b", "a", "b", "a"].map((sql) => statements.use(sql)), [
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it("chooses no more than its capacity, until one is dropped", () => {
    const statements = new RecurringStatements(1);
    for (const sql of ["a", "a", "b", "b"]) statements.use(sql);
    assert.equal(statements.use("b"), false);
    statements.drop("a");
    assert.deepEqual([statements.use("b"), statements.use("b")], [false, true]);
  });

  it("chooses nothing without capacity", () => {
    const statements = new RecurringStatements(0);
    assert.deepEqual(["a", "a", "a"].map((sql) => statements.use(sql)), [false, false, false]);
  });

  it("forgets statements that do not recur soon", () => {
    const statements = new RecurringStatements(2);
    statements.use("a");
    for (let i = 0; i < 8; i++) statements.use(`other ${i}`);
    assert.equal(statements.use("a"), false);
  });

  it("never chooses a very long statement", () => {
    const statements = new RecurringStatements(2);
    const long = "select 1".padEnd(20_000);
    assert.deepEqual([statements.use(long), statements.use(long)], [false, false]);
  });
});
