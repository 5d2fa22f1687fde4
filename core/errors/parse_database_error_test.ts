import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  CheckConstraintError,
  ConnectionError,
  DatabaseError,
  DeadlockError,
  type Dialect,
  findDatabaseError,
  ForeignKeyConstraintError,
  LockTimeoutError,
  NotFoundError,
  NotNullError,
  parseDatabaseError,
  SerializationError,
  SqlSyntaxError,
  StatementTimeoutError,
  UniqueConstraintError,
} from "@kysera/core";

type Fields = Record<string, unknown>;
interface Fixture {
  readonly driver: string;
  readonly errors: Readonly<Record<string, Fields>>;
}

const secret = "s3cret";

function load(driver: string): Fixture {
  const url = new URL(`../testdata/${driver}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"));
}

/** An error with the fields that a driver's error had. */
function revive(fields: Fields): Error {
  const { constructorName: _, message, ...own } = fields;
  return Object.assign(new Error(String(message)), own);
}

type Class = new (...args: never[]) => DatabaseError;
/** The class, the code, and the fields that must be found. */
type Expectation = readonly [Class, string, Fields?];

const unique = "VALIDATION_UNIQUE_VIOLATION";
const foreignKey = "VALIDATION_FOREIGN_KEY_VIOLATION";
const notNull = "VALIDATION_NOT_NULL_VIOLATION";
const check = "VALIDATION_CHECK_VIOLATION";
const lost: Expectation = [ConnectionError, "DB_CONNECTION_FAILED", { retryable: true }];
const refused: Expectation = [ConnectionError, "DB_CONNECTION_FAILED", { retryable: false }];
const exhausted: Expectation = [ConnectionError, "DB_POOL_EXHAUSTED", { retryable: true }];
const timeout: Expectation = [StatementTimeoutError, "DB_TIMEOUT", { retryable: false }];
const syntax: Expectation = [SqlSyntaxError, "DB_SYNTAX_ERROR", { retryable: false }];
const invalid: Expectation = [DatabaseError, "VALIDATION_INVALID_INPUT", { retryable: false }];
const other: Expectation = [DatabaseError, "DB_QUERY_FAILED", { retryable: false }];
const lockTimeout: Expectation = [LockTimeoutError, "DB_LOCK_TIMEOUT", { retryable: true }];
const serialization: Expectation = [
  SerializationError,
  "DB_SERIALIZATION_FAILURE",
  { retryable: true },
];

const referenceToUsers = {
  constraint: "posts_user_id_fkey",
  table: "posts",
  referencedTable: "users",
};

const postgres: Record<string, Expectation> = {
  unique: [UniqueConstraintError, unique, {
    constraint: "users_email_key",
    table: "users",
    columns: ["email"],
    sqlState: "23505",
    retryable: false,
  }],
  unique_bound: [UniqueConstraintError, unique, { columns: ["email"] }],
  unique_composite: [UniqueConstraintError, unique, {
    constraint: "users_tenant_name_key",
    columns: ["tenant", "name"],
  }],
  unique_expression: [UniqueConstraintError, unique, {
    columns: ["lower(name::text)", "tenant"],
  }],
  unique_quoted: [UniqueConstraintError, unique, {
    table: "Odd Names",
    columns: ["User Id", "a)=(b"],
  }],
  primary_key: [UniqueConstraintError, unique, { constraint: "users_pkey", columns: ["id"] }],
  exclusion: [DatabaseError, "RESOURCE_CONFLICT", {
    constraint: "locks_during",
    table: "locks",
    columns: ["during"],
  }],
  foreign_key_insert: [ForeignKeyConstraintError, foreignKey, {
    ...referenceToUsers,
    columns: ["user_id"],
  }],
  foreign_key_delete: [ForeignKeyConstraintError, foreignKey, {
    ...referenceToUsers,
    columns: ["id"],
  }],
  foreign_key_restrict: [ForeignKeyConstraintError, foreignKey, {
    constraint: "tree_parent_fkey",
    table: "tree",
    referencedTable: "tree",
  }],
  not_null: [NotNullError, notNull, { table: "users", column: "email", columns: ["email"] }],
  check: [CheckConstraintError, check, {
    constraint: "users_age_check",
    table: "users",
    columns: [],
  }],
  syntax,
  undefined_table: syntax,
  undefined_column: syntax,
  invalid_value: invalid,
  out_of_range: invalid,
  too_long: invalid,
  read_only: [DatabaseError, "DB_TRANSACTION_FAILED", { sqlState: "25006" }],
  aborted_transaction: [DatabaseError, "DB_TRANSACTION_FAILED", { sqlState: "25P02" }],
  deadlock: [DeadlockError, "DB_DEADLOCK", { sqlState: "40P01", retryable: true }],
  serialization,
  lock_timeout: lockTimeout,
  lock_nowait: lockTimeout,
  statement_timeout: timeout,
  cancelled: timeout,
  driver_timeout: timeout,
  connection_killed: lost,
  connection_lost: lost,
  connection_refused: lost,
  connection_refused_all: lost,
  connection_ended: refused,
  closed: refused,
  unknown_database: refused,
  unknown_user: refused,
  pool_exhausted: exhausted,
};

const mysql: Record<string, Expectation> = {
  unique: [UniqueConstraintError, unique, { constraint: "users_email_key", sqlState: "23000" }],
  unique_bound: [UniqueConstraintError, unique, { constraint: "users_email_key" }],
  unique_composite: [UniqueConstraintError, unique, { constraint: "users_tenant_name_key" }],
  unique_quoted: [UniqueConstraintError, unique, { constraint: "users_email_key" }],
  primary_key: [UniqueConstraintError, unique, { constraint: "PRIMARY" }],
  foreign_key_insert: [ForeignKeyConstraintError, foreignKey, {
    ...referenceToUsers,
    columns: ["user_id"],
  }],
  foreign_key_delete: [ForeignKeyConstraintError, foreignKey, referenceToUsers],
  not_null: [NotNullError, notNull, { column: "email" }],
  not_null_default: [NotNullError, notNull, { column: "email" }],
  check: [CheckConstraintError, check, { constraint: "users_age_check", table: "users" }],
  syntax,
  undefined_table: [SqlSyntaxError, "DB_SYNTAX_ERROR", { table: "nowhere" }],
  undefined_column: syntax,
  invalid_value: invalid,
  out_of_range: invalid,
  too_long: invalid,
  read_only: [DatabaseError, "DB_TRANSACTION_FAILED", { sqlState: "25006" }],
  deadlock: [DeadlockError, "DB_DEADLOCK", { sqlState: "40001", retryable: true }],
  serialization,
  lock_timeout: lockTimeout,
  lock_nowait: lockTimeout,
  statement_timeout: timeout,
  cancelled: timeout,
  connection_killed: lost,
  connection_lost: lost,
  connection_refused: lost,
  unknown_database: refused,
  unknown_user: refused,
  pool_exhausted: exhausted,
  pool_closed: refused,
};

const sqlite: Record<string, Expectation> = {
  unique: [UniqueConstraintError, unique, { table: "users", columns: ["email"] }],
  unique_composite: [UniqueConstraintError, unique, {
    constraint: undefined,
    table: "users",
    columns: ["tenant", "name"],
  }],
  unique_expression: [UniqueConstraintError, unique, { constraint: "users_lower" }],
  primary_key: [UniqueConstraintError, unique, { table: "users", columns: ["id"] }],
  rowid: [UniqueConstraintError, unique, { table: "strict_one", columns: ["id"] }],
  rowid_hidden: [UniqueConstraintError, unique, { table: "loose", columns: ["rowid"] }],
  foreign_key_insert: [ForeignKeyConstraintError, foreignKey],
  foreign_key_delete: [ForeignKeyConstraintError, foreignKey],
  not_null: [NotNullError, notNull, { table: "users", column: "email" }],
  check: [CheckConstraintError, check, { constraint: "users_age_check" }],
  check_unnamed: [CheckConstraintError, check, { constraint: "age > 0" }],
  syntax,
  undefined_table: syntax,
  undefined_column: syntax,
  nested_transaction: syntax,
  invalid_value: invalid,
  trigger: other,
  read_only: other,
  lock_timeout: lockTimeout,
  serialization,
  cannot_open: refused,
  not_a_database: refused,
  closed: refused,
};

const drivers: readonly (readonly [string, Dialect, Record<string, Expectation>])[] = [
  ["pg", "postgres", postgres],
  ["postgres", "postgres", postgres],
  ["pglite", "postgres", postgres],
  ["mysql2", "mysql", mysql],
  // Deno's node:sqlite tells no result code when it cannot open a file
  ["node-sqlite", "sqlite", { ...sqlite, cannot_open: other }],
  ["better-sqlite3", "sqlite", sqlite],
];

for (const [driver, dialect, expectations] of drivers) {
  describe(`parseDatabaseError() of what ${driver} throws`, () => {
    for (const [name, fields] of Object.entries(load(driver).errors)) {
      it(`knows ${name}`, () => {
        const expectation = expectations[name];
        assert.ok(expectation, "no expectation for this fixture");
        const [Class, code, expected = {}] = expectation;
        const thrown = revive(fields);
        const error = parseDatabaseError(thrown, dialect);
        assert.equal(error.constructor, Class);
        assert.equal(error.name, Class.name);
        assert.equal(error.code, code);
        assert.equal(error.cause, thrown);
        for (const [field, value] of Object.entries(expected)) {
          assert.deepEqual(Reflect.get(error, field), value, field);
        }
      });

      it(`keeps the values of ${name} out of message and JSON`, () => {
        const { cause: _, ...error } = parseDatabaseError(revive(fields), dialect);
        const { message } = parseDatabaseError(revive(fields), dialect);
        assert.doesNotMatch(message + JSON.stringify(error), new RegExp(secret, "i"));
      });

      it(`does not look at the message of ${name} where there is a code`, () => {
        const hasCode = ["code", "errno", "errcode"].some((field) => fields[field] !== undefined);
        if (!hasCode) return;
        const message = "UNIQUE constraint failed: Connection terminated";
        const error = parseDatabaseError(revive({ ...fields, message }), dialect);
        assert.equal(error.code, expectations[name]?.[1]);
      });
    }

    it("takes the codes of other databases for unknown", () => {
      const others = drivers.filter(([_, another]) => another !== dialect);
      for (const [another] of others) {
        const error = parseDatabaseError(revive(load(another).errors.unique!), dialect);
        assert.equal(error.code, "DB_UNKNOWN", another);
      }
    });
  });
}

describe("parseDatabaseError()", () => {
  const thrown = (more: Fields = {}) =>
    Object.assign(new Error("duplicate key"), { code: "23505", table: "users", ...more });

  it("needs no dialect", () => {
    assert.ok(parseDatabaseError(thrown()) instanceof UniqueConstraintError);
  });

  it("gives back an error that it knows already", () => {
    const known = new NotFoundError("User");
    assert.equal(parseDatabaseError(known), known);
    assert.equal(parseDatabaseError(new Error("wrapped", { cause: known })), known);
  });

  it("looks into causes", () => {
    const outer = new Error("outer", { cause: new Error("inner", { cause: thrown() }) });
    const error = parseDatabaseError(outer);
    assert.ok(error instanceof UniqueConstraintError);
    assert.equal(error.cause, outer);
  });

  it("looks into the errors of an AggregateError", () => {
    const outer = new AggregateError([new Error("first"), thrown()], "many");
    assert.ok(parseDatabaseError(outer) instanceof UniqueConstraintError);
  });

  it("believes the error before its cause", () => {
    const outer = thrown({ code: "40001", cause: thrown() });
    assert.ok(parseDatabaseError(outer) instanceof SerializationError);
  });

  it("ends where errors cause each other", () => {
    const a = new Error("a") as Error & { cause?: unknown; errors?: unknown };
    const b = new Error("b", { cause: a });
    a.cause = b;
    a.errors = [a, b];
    assert.equal(parseDatabaseError(a).code, "DB_UNKNOWN");
  });

  it("ends where causes never do", () => {
    const endless = (): object =>
      new Proxy({}, { get: (_, key) => key === "cause" ? endless() : undefined });
    assert.equal(parseDatabaseError(endless()).code, "DB_UNKNOWN");
  });

  it("never throws, and knows nothing of what is not an error", () => {
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    const fail = () => {
      throw new Error("trap");
    };
    const hostile = new Proxy({}, { get: fail, has: fail, getPrototypeOf: fail, ownKeys: fail });
    const getters = {
      get code() {
        return fail();
      },
      get message() {
        return fail();
      },
    };
    const values = [
      null,
      undefined,
      0,
      1n,
      "23505",
      "",
      true,
      Symbol("x"),
      [],
      {},
      () => {},
      NaN,
      revoked,
      hostile,
      getters,
      { code: {} },
      { code: "EPICK" },
      { errors: revoked },
      { errors: [hostile] },
      { code: 23505 },
      { message: 7 },
      { errno: NaN },
      Object.create(null),
      new Date(NaN),
      new DOMException("x", "DataCloneError"),
    ];
    for (const dialect of ["postgres", "mysql", "sqlite", "mssql"] as const) {
      for (const value of values) {
        const error = parseDatabaseError(value, dialect);
        assert.equal(error.code, "DB_UNKNOWN");
        assert.ok(Object.is(error.cause, value));
        assert.deepEqual(Object.keys(error.toJSON()), ["name", "message", "code", "detail"]);
      }
    }
  });

  it("tells the database by itself where the dialect is not given", () => {
    for (const [driver, dialect] of drivers) {
      for (const [name, fields] of Object.entries(load(driver).errors)) {
        const { cause: _, ...told } = parseDatabaseError(revive(fields), dialect);
        const { cause: __, ...found } = parseDatabaseError(revive(fields));
        assert.deepEqual(found, told, `${driver}: ${name}`);
      }
    }
    // What bun:sqlite throws: a number of its own in the field that is MySQL's.
    const busy = Object.assign(new Error("database is locked"), { code: "SQLITE_BUSY", errno: 5 });
    assert.equal(parseDatabaseError(busy).code, "DB_LOCK_TIMEOUT");
  });

  it("findDatabaseError() makes no error of a database of any other", () => {
    const others = [
      new TypeError("x is undefined"),
      new RangeError("Invalid array length"),
      Object.assign(new Error("teapot"), { code: "ORDER_CLOSED" }),
      Object.assign(new Error("no such file"), { code: "ENOENT", errno: -2 }),
      Object.assign(new TypeError("The stream is closed"), { code: "ERR_INVALID_STATE" }),
      Object.assign(new Error("refused"), { code: "RLS_POLICY_VIOLATION", cause: thrown() }),
      Object.assign(new Error("refused"), { code: "QUERY_CHECK_VIOLATION", cause: thrown() }),
      null,
      undefined,
      "23505",
    ];
    for (const other of others) {
      assert.equal(findDatabaseError(other), undefined, String(other));
      assert.equal(parseDatabaseError(other).code, "DB_UNKNOWN", String(other));
    }
    assert.ok(findDatabaseError(new Error("hook", { cause: thrown() })) instanceof DatabaseError);
  });

  it("knows nothing of a dialect that does not exist", () => {
    const error = parseDatabaseError(thrown(), "oracle" as Dialect);
    assert.equal(error.code, "DB_UNKNOWN");
  });

  it("knows a statement that was aborted by a signal", () => {
    const error = parseDatabaseError(new DOMException("too late", "TimeoutError"), "sqlite");
    assert.ok(error instanceof StatementTimeoutError);
  });

  it("tells MySQL's number 4025 from MariaDB's", () => {
    const size = Object.assign(new Error("x"), { errno: 4025, sqlState: "HY000" });
    assert.equal(parseDatabaseError(size, "mysql").code, "DB_QUERY_FAILED");
  });

  it("takes the table from MySQL 8's name of a key", () => {
    const message = "Duplicate entry 's3cret' for key 'users.users_email_key'";
    const error = parseDatabaseError(Object.assign(new Error(message), { errno: 1062 }), "mysql");
    assert.equal(error.table, "users");
    assert.equal(error.constraint, "users_email_key");
  });

  it("knows a MySQL error by its name where it has no number", () => {
    const error = parseDatabaseError(
      Object.assign(new Error("x"), { code: "ER_DUP_ENTRY" }),
      "mysql",
    );
    assert.ok(error instanceof UniqueConstraintError);
  });

  it("does not take refused access for bad syntax", () => {
    const postgres = Object.assign(new Error("x"), { code: "42501" });
    assert.equal(parseDatabaseError(postgres, "postgres").code, "DB_QUERY_FAILED");
    const mysql = Object.assign(new Error("x"), { errno: 1142, sqlState: "42000" });
    assert.equal(parseDatabaseError(mysql, "mysql").code, "DB_QUERY_FAILED");
  });

  it("takes a socket's code for what it is, not for an SQLSTATE", () => {
    const error = parseDatabaseError(Object.assign(new Error("x"), { code: "EPIPE" }), "postgres");
    assert.ok(error instanceof ConnectionError);
  });

  it("prefers SQLite's extended code, and falls back on the primary one", () => {
    const of = (fields: Fields) =>
      parseDatabaseError(Object.assign(new Error("x"), fields), "sqlite");
    assert.equal(of({ code: "SQLITE_CONSTRAINT", rawCode: 2067 }).code, unique);
    assert.equal(
      of({ code: "SQLITE_CONSTRAINT", extendedCode: "SQLITE_CONSTRAINT_UNIQUE" }).code,
      unique,
    );
    assert.equal(of({ code: "SQLITE_BUSY_RECOVERY" }).code, "DB_LOCK_TIMEOUT");
    assert.equal(of({ errcode: 261 }).code, "DB_LOCK_TIMEOUT");
    assert.equal(of({ name: "SqliteError", code: 1299 }).code, notNull);
    assert.equal(of({ code: "SQLITE_CONSTRAINT" }).code, "DB_QUERY_FAILED");
  });

  it("knows what tedious throws by number", () => {
    const of = (number: number, message: string) =>
      parseDatabaseError(Object.assign(new Error(message), { code: "EREQUEST", number }), "mssql");
    const duplicate = of(
      2627,
      "Violation of UNIQUE KEY constraint 'users_email_key'. Cannot insert duplicate key in object " +
        "'dbo.users'. The duplicate key value is (s3cret).",
    );
    assert.ok(duplicate instanceof UniqueConstraintError);
    assert.equal(duplicate.constraint, "users_email_key");
    assert.equal(duplicate.table, "users");
    assert.doesNotMatch(duplicate.message, /s3cret/);
    assert.ok(
      of(
        547,
        'The INSERT statement conflicted with the CHECK constraint "c". The conflict ..',
      ) instanceof
        CheckConstraintError,
    );
    assert.ok(
      of(
        547,
        'The INSERT statement conflicted with the FOREIGN KEY constraint "f". The ..',
      ) instanceof
        ForeignKeyConstraintError,
    );
    assert.ok(of(1205, "Transaction was deadlocked") instanceof DeadlockError);
    assert.equal(of(50000, "raised").code, "DB_QUERY_FAILED");
  });
});

describe("parseDatabaseError() of what Cloudflare's runtime throws", () => {
  const UNIQUE = "UNIQUE constraint failed: users.email, users.tenant: SQLITE_CONSTRAINT";
  for (
    const message of [
      `D1_ERROR: ${UNIQUE} (extended: SQLITE_CONSTRAINT_UNIQUE)`,
      `D1_ERROR: ${UNIQUE}`,
      `${UNIQUE} (extended: SQLITE_CONSTRAINT_UNIQUE)`,
    ]
  ) {
    it(`knows ${message}`, () => {
      for (const dialect of ["sqlite", undefined] as const) {
        const error = parseDatabaseError(new Error(message), dialect);
        assert.ok(error instanceof UniqueConstraintError);
        assert.deepEqual([error.table, error.columns], ["users", ["email", "tenant"]]);
      }
    });
  }

  it("tells the other constraints, and the syntax", () => {
    const codeOf = (message: string) => parseDatabaseError(new Error(message)).code;
    const constraint = "constraint failed: SQLITE_CONSTRAINT";
    assert.deepEqual([
      codeOf(`D1_ERROR: NOT NULL constraint failed: t.n: SQLITE_CONSTRAINT`),
      codeOf(`D1_ERROR: FOREIGN KEY ${constraint}`),
      codeOf(`D1_ERROR: FOREIGN KEY ${constraint} (extended: SQLITE_CONSTRAINT_FOREIGNKEY)`),
      codeOf(`D1_ERROR: CHECK constraint failed: c: SQLITE_CONSTRAINT`),
      codeOf(`D1_ERROR: near "x": syntax error at offset 0: SQLITE_ERROR`),
      codeOf(`D1_ERROR: not authorized: SQLITE_AUTH`),
    ], [
      "VALIDATION_NOT_NULL_VIOLATION",
      "VALIDATION_FOREIGN_KEY_VIOLATION",
      "VALIDATION_FOREIGN_KEY_VIOLATION",
      "VALIDATION_CHECK_VIOLATION",
      "DB_SYNTAX_ERROR",
      "DB_QUERY_FAILED",
    ]);
  });

  it("takes no text that a value may hold for a code", () => {
    for (const message of ["a: SQLITE_CONSTRAINT b", "x: SQLITE_", "SQLITE_BUSY", ": SQLITE_a"]) {
      assert.equal(parseDatabaseError(new Error(message)).code, "DB_UNKNOWN");
    }
  });
});
