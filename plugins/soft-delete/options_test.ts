import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PluginValidationError } from "@kysera/executor";
import { type SoftDeleteOptions, softDeletePlugin } from "@kysera/soft-delete";
import { sql } from "kysely";

function refusal(options: unknown): string {
  try {
    // What a program without types may pass.
    softDeletePlugin(options as SoftDeleteOptions);
  } catch (error) {
    assert.ok(error instanceof PluginValidationError);
    assert.equal(error.type, "INVALID_PLUGIN");
    assert.equal(error.details.pluginName, "@kysera/soft-delete");
    const start = 'Cannot make plugin "@kysera/soft-delete": ';
    assert.ok(error.message.startsWith(start));
    return error.message.slice(start.length);
  }
  assert.fail("the plugin was made");
}

describe("softDeletePlugin()", () => {
  it("has the name that other plugins depend on", () => {
    const { name, version, priority } = softDeletePlugin();
    assert.deepEqual([name, version, priority], ["@kysera/soft-delete", "0.9.0", 0]);
  });

  it("takes every option, and undefined for none", () => {
    softDeletePlugin({
      deletedAtColumn: "removed_at",
      tables: ["users", "app.posts"],
      excludeTables: ["labels"],
      includeDeleted: true,
      primaryKeyColumn: { users: "uuid", posts: ["blog", "number"] },
      deletedValue: ({ now }) => now.toISOString(),
      visibleValue: null,
      now: () => new Date(0),
      onDelete: "deny",
      logger: { debug: () => {} },
    });
    softDeletePlugin({ deletedAtColumn: undefined, tables: undefined, onDelete: undefined });
    softDeletePlugin({ deletedValue: sql`now()` });
    softDeletePlugin({ deletedValue: 5n, visibleValue: 0 });
  });

  it("refuses options that it does not know", () => {
    assert.equal(
      refusal({ deletedAt: "deleted_at" }),
      'there is no option "deletedAt"; the options are "deletedAtColumn", "tables", ' +
        '"excludeTables", "includeDeleted", "primaryKeyColumn", "deletedValue", "visibleValue", ' +
        '"now", "onDelete", "relations", "deletionColumn", "reviveBy", "check", "logger"',
    );
    assert.match(refusal("users"), /^the options are "users"; pass an object/);
    assert.match(refusal(null), /^the options are null; /);
  });

  it("refuses values that an option cannot have", () => {
    const cases: readonly [options: Record<string, unknown>, problem: RegExp][] = [
      [{ deletedAtColumn: "" }, /"deletedAtColumn" is "".* name of a column/],
      [{ deletedAtColumn: "users.deleted_at" }, /"deletedAtColumn" is "users\.deleted_at"/],
      [{ deletedAtColumn: 5 }, /"deletedAtColumn" is "5"/],
      [{ tables: "users" }, /"tables" must be a list/],
      [{ tables: [] }, /"tables" is empty/],
      [{ tables: ["a.b.c"] }, /"tables" has "a\.b\.c" in it; write "table" or "schema\.table"/],
      [{ tables: [""] }, /"tables" has "" in it/],
      [{ tables: [undefined] }, /"tables" has "undefined" in it/],
      [{ excludeTables: "users" }, /"excludeTables" must be a list/],
      [{ includeDeleted: "only" }, /"includeDeleted" must be a boolean/],
      [{ primaryKeyColumn: [] }, /"primaryKeyColumn" must name at least one column/],
      [{ primaryKeyColumn: ["a", "a"] }, /"primaryKeyColumn" names a column twice: a, a/],
      [{ primaryKeyColumn: { users: 5 } }, /"primaryKeyColumn" must name at least one column/],
      [{ primaryKeyColumn: 5 }, /"primaryKeyColumn" must be a name/],
      [{ deletedValue: null }, /"deletedValue" must be a string/],
      [{ deletedValue: NaN }, /"deletedValue" must be a string/],
      [{ visibleValue: {} }, /"visibleValue" must be null/],
      [{ visibleValue: new Date(NaN) }, /"visibleValue" must be null/],
      [{ visibleValue: 0, deletedValue: 0n }, /are the same: no row could be hidden/],
      [{ visibleValue: "a", deletedValue: "a" }, /are the same/],
      [{ deletedValue: true, now: () => new Date() }, /"now" has no use/],
      [{ now: 5 }, /"now" must be a function/],
      [{ onDelete: "archive" }, /"onDelete" is "archive"; it must be "hard", "soft" or "deny"/],
      [{ logger: {} }, /"logger" must have a method "debug"/],
    ];
    for (const [options, problem] of cases) assert.match(refusal(options), problem);
  });
});
