import { type AuditOptions, auditPlugin } from "@kysera/audit";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

describe("auditPlugin()", () => {
  it("refuses options that are unknown, or that mean nothing", () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ table: "x" }, /there is no option "table"/],
      [{ auditTabel: "x" }, /there is no option "auditTabel"; .* \(did you mean "auditTable"\?\)$/],
      [["tables"], /the options are \["tables"\]; pass an object, or nothing/],
      [{ auditTable: "a.b.c" }, /"auditTable" has "a\.b\.c"/],
      [{ primaryKeyColumn: [] }, /at least one column/],
      [{ primaryKeyColumn: ["a", "a"] }, /names a column twice/],
      [{ primaryKeyColumn: { "a.b.c": "id" } }, /"primaryKeyColumn" has "a\.b\.c"/],
      [{ primaryKeyColumn: { users: [] } }, /at least one column/],
      [{ primaryKeyColumn: 7 }, /"primaryKeyColumn" must be a name/],
      [{ maskColumns: ["a.b.c"] }, /"maskColumns" has "a\.b\.c" in it; write "column" or/],
      [{ allowColumns: [] }, /"allowColumns" is empty/],
      [{ tables: [] }, /"tables" is empty/],
      [{ denyColumns: "x" }, /"denyColumns" must be a list/],
      [{ captureOldValues: 1 }, /"captureOldValues" must be a boolean/],
      [{ actor: "maybe" }, /"optional" or "required"/],
      [{ actor: "required", skipSystemOperations: true }, /has no use/],
      [{ getUserId: "me" }, /"getUserId" must be a function/],
      [{ metadata: [] }, /"metadata" must be an object/],
      [{ hashChain: "short" }, /too short/],
      [{ hashChain: 7 }, /"hashChain" must be/],
      [{ deletedAtColumn: "" }, /"deletedAtColumn"/],
      [{ logger: {} }, /"logger" must have/],
    ];
    for (const [options, message] of wrong) {
      assert.throws(() => auditPlugin(options as AuditOptions), {
        name: "PluginValidationError",
        message,
      });
    }
    assert.throws(() => auditPlugin(null as never), { name: "PluginValidationError" });
  });

  it("is the last of the plugins, whichever alias it is made by", async () => {
    const { auditPluginMySQL, auditPluginPostgreSQL, auditPluginSQLite } = await import(
      "@kysera/audit"
    );
    for (const make of [auditPlugin, auditPluginMySQL, auditPluginPostgreSQL, auditPluginSQLite]) {
      const { name, priority } = make();
      assert.deepEqual([name, priority], ["@kysera/audit", -1_000]);
    }
  });
});
