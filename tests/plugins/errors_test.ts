/** What the errors of the execution layer and of the plugins give to logs and clients. */
import { AuditTableError, AuditTriggersError } from "@kysera/audit";
import { CheckRefusedError, ExecutorError, PluginHookError, RawSqlError } from "@kysera/executor";
import { RLSContextError, RLSPolicyViolation } from "@kysera/rls";
import { SoftDeleteError } from "@kysera/soft-delete";
import { TimestampsError } from "@kysera/timestamps";
import * as audit from "@kysera/audit";
import * as core from "@kysera/core";
import { errorPage } from "@kysera/core";
import * as dal from "@kysera/dal";
import * as debug from "@kysera/debug";
import * as executor from "@kysera/executor";
import * as infra from "@kysera/infra";
import * as migrations from "@kysera/migrations";
import * as repository from "@kysera/repository";
import * as rls from "@kysera/rls";
import * as testing from "@kysera/testing";
import assert from "node:assert/strict";
import { it } from "node:test";

it("every error is plain data with its name, message and code, and without its cause", () => {
  const cause = new Error("Key (email)=(secret@example.org) already exists.");
  const errors: readonly ExecutorError[] = [
    new ExecutorError("Cannot", "X", { cause }),
    new PluginHookError("mine", "filter", "it threw", { cause }),
    new CheckRefusedError("posts", "mine", "it is owned", "it is not", { cause }),
    new RawSqlError("it names a table"),
    new RLSContextError("Cannot read", { cause }),
    new RLSPolicyViolation({ operation: "create", table: "posts" }, "no policy allows it", {
      cause,
    }),
    new AuditTableError("audit_logs", "it is missing"),
    new AuditTriggersError("users", "it has none", "await createAuditTriggers(db, {})"),
    new SoftDeleteError("Cannot delete", "INVALID_KEY"),
    new TimestampsError("Cannot touch", "NO_TIMESTAMPS_PLUGIN"),
  ];
  for (const error of errors) {
    const data = JSON.parse(JSON.stringify(error));
    assert.equal(data.name, error.name);
    assert.equal(data.message, error.message);
    assert.equal(data.code, error.code);
    assert.equal(data.docs, errorPage(error.code), error.name);
    assert.equal("cause" in data, false, error.name);
    assert.equal(JSON.stringify(data).includes("secret"), false, error.name);
  }
});

it("an RLSPolicyViolation says of what table and policies", () => {
  const error = new RLSPolicyViolation(
    { operation: "update", table: "posts", policies: ["own"], policyMessage: "Not yours" },
    "policy own denies it",
  );
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    name: "RLSPolicyViolation",
    message: error.message,
    code: "RLS_POLICY_VIOLATION",
    docs: error.docs,
    operation: "update",
    table: "posts",
    policies: ["own"],
    policyName: "own",
    policyMessage: "Not yours",
    reason: "policy own denies it",
  });
});

it("every class of an error has its name as text, which no minifier changes", () => {
  const packages = {
    audit,
    core,
    dal,
    debug,
    executor,
    infra,
    migrations,
    repository,
    rls,
    testing,
    plugins: { SoftDeleteError, TimestampsError },
  };
  let count = 0;
  for (const [from, exported] of Object.entries(packages)) {
    for (const [name, value] of Object.entries(exported)) {
      const { prototype } = value as { prototype?: unknown };
      if (typeof value !== "function" || !(prototype instanceof Error)) continue;
      count++;
      assert.ok(Object.hasOwn(prototype, "name"), `${name} of ${from}`);
      assert.ok(
        prototype.name === name || exported[prototype.name as keyof typeof exported] === value,
        `${name} of ${from} is called ${prototype.name}`,
      );
    }
  }
  assert.ok(count > 40, `${count} classes`);
});
