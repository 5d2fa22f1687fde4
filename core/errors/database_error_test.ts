import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BadRequestError,
  CheckConstraintError,
  ConnectionError,
  DatabaseError,
  DeadlockError,
  ForeignKeyConstraintError,
  LockTimeoutError,
  NotFoundError,
  NotNullError,
  SerializationError,
  SqlSyntaxError,
  StatementTimeoutError,
  UniqueConstraintError,
} from "@kysera/core";

describe("DatabaseError", () => {
  it("gives name, message, code and detail as JSON", () => {
    const error = new DatabaseError("Cannot run query", "DB_QUERY_FAILED", "SQLSTATE 22012");
    assert.deepEqual(JSON.parse(JSON.stringify(error)), {
      name: "DatabaseError",
      message: "Cannot run query",
      code: "DB_QUERY_FAILED",
      detail: "SQLSTATE 22012",
    });
  });

  it("knows nothing more than it was told", () => {
    const error = new DatabaseError("m", "DB_UNKNOWN");
    assert.equal(error.retryable, false);
    assert.equal(error.constraint, undefined);
    assert.deepEqual(error.columns, []);
    assert.equal(Object.hasOwn(error, "cause"), false);
  });

  it("keeps a cause, even one that is undefined", () => {
    assert.equal(new DatabaseError("m", "c", undefined, { cause: 7 }).cause, 7);
    assert.equal(
      Object.hasOwn(new DatabaseError("m", "c", "d", { cause: undefined }), "cause"),
      true,
    );
  });

  it("is the base of every error, and each bears the name of its class", () => {
    const errors = [
      new BadRequestError("m"),
      new CheckConstraintError("c", "t"),
      new ConnectionError(),
      new DeadlockError(),
      new ForeignKeyConstraintError("c", "t", "r"),
      new LockTimeoutError(),
      new NotFoundError("e"),
      new NotNullError("c", "t"),
      new SerializationError(),
      new SqlSyntaxError(),
      new StatementTimeoutError(),
      new UniqueConstraintError("c", "t", ["a"]),
    ];
    for (const error of errors) {
      assert.ok(error instanceof DatabaseError && error instanceof Error);
      assert.equal(error.name, error.constructor.name);
      assert.ok(error.stack?.startsWith(`${error.name}: ${error.message}`));
      assert.match(error.message, /^(?:[A-Z][^.]*[^.]|m)$/);
    }
  });

  it("names constraint, table and columns in the message", () => {
    assert.equal(
      new UniqueConstraintError("k", "users", ["a", "b"]).message,
      'Cannot store row: unique constraint "k" of table "users" (columns "a", "b") is violated',
    );
    assert.equal(
      new UniqueConstraintError(undefined, undefined).message,
      "Cannot store row: a unique constraint is violated",
    );
    assert.equal(
      new ForeignKeyConstraintError("k", "posts", "users").message,
      'Cannot change row: foreign key constraint "k" of table "posts" to table "users" is violated',
    );
    assert.equal(
      new NotNullError("email", "users").message,
      'Cannot store row: column "email" of table "users" must not be null',
    );
    assert.equal(
      new CheckConstraintError("k").message,
      'Cannot store row: check constraint "k" is violated',
    );
  });
});

describe("NotFoundError", () => {
  it("names what was looked for, and keeps the values out of message and JSON", () => {
    const error = new NotFoundError("User", { email: "s3cret" });
    assert.equal(error.message, 'Cannot find "User": no row matches the given "email"');
    assert.deepEqual(error.filters, { email: "s3cret" });
    assert.doesNotMatch(JSON.stringify(error), /s3cret/);
  });
});
