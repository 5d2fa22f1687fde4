import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BadRequestError,
  CheckConstraintError,
  ConnectionError,
  DeadlockError,
  ForeignKeyConstraintError,
  NotFoundError,
  NotNullError,
  SqlSyntaxError,
  toProblemDetails,
  toProblemResponse,
  UniqueConstraintError,
} from "../mod.ts";

describe("toProblemDetails()", () => {
  it("gives every kind of error its status", () => {
    const statuses = ([
      [new UniqueConstraintError("k", "t", ["c"]), 409],
      [new ForeignKeyConstraintError("k", "t"), 409],
      [new NotNullError("c", "t"), 422],
      [new CheckConstraintError("k", "t"), 422],
      [new NotFoundError("t", { id: 1 }), 404],
      [new BadRequestError("Cannot"), 400],
      [new DeadlockError(), 503],
      [new ConnectionError("DB_CONNECTION_FAILED"), 503],
      [new SqlSyntaxError(), 500],
      [Object.assign(new Error("no"), { code: "RLS_POLICY_VIOLATION" }), 403],
      [Object.assign(new Error("x"), { code: "22P02", severity: "ERROR" }), 400],
      [new Error("secret"), 500],
      ["secret", 500],
      [undefined, 500],
    ] as const).map(([error, status]) => [toProblemDetails(error).status, status]);
    for (const [got, wanted] of statuses) assert.equal(got, wanted);
  });

  it("tells no value, and no name unless it is asked to", () => {
    const thrown = Object.assign(new Error("duplicate key value (ada@x.org)"), {
      code: "23505",
      severity: "ERROR",
      table: "users",
      constraint: "users_email_key",
      detail: "Key (email)=(ada@x.org) already exists.",
    });
    const closed = toProblemDetails(thrown);
    assert.deepEqual(closed, {
      type: "about:blank",
      title: "Conflict",
      status: 409,
      code: "VALIDATION_UNIQUE_VIOLATION",
    });
    const open = toProblemDetails(thrown, { expose: "names", types: "https://x.org/problems/" });
    assert.equal(open.type, "https://x.org/problems/VALIDATION_UNIQUE_VIOLATION");
    assert.deepEqual([open.table, open.columns], ["users", ["email"]]);
    assert.doesNotMatch(JSON.stringify(open), /ada@x/);
    for (const error of [new Error("secret"), new SqlSyntaxError({ detail: "secret" })]) {
      const problem = toProblemDetails(error, { expose: "names", instance: "/requests/1" });
      assert.deepEqual(problem, {
        type: "about:blank",
        title: "Internal Server Error",
        status: 500,
        instance: "/requests/1",
      });
    }
  });

  it("points at what is wrong with an input", async () => {
    const error = Object.assign(new Error("Cannot create"), {
      code: "VALIDATION_INVALID_INPUT",
      issues: [{ path: ["user", "e/mail", 0], message: "is bad" }, { path: [], message: "all" }],
    });
    const { status, errors } = toProblemDetails(error);
    assert.equal(status, 422);
    assert.deepEqual(errors, [{ pointer: "#/user/e~1mail/0" }, { pointer: "#" }]);
    assert.equal(toProblemDetails(error, { expose: "names" }).errors?.[0]?.detail, "is bad");
    const response = toProblemResponse(new DeadlockError());
    assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "1"]);
    assert.equal((await response.json()).status, 503);
  });

  it("refuses unknown options", () => {
    assert.throws(() => toProblemDetails(1, { expos: "names" } as never), /did you mean "expose"/);
  });
});
