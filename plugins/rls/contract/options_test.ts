import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PluginValidationError } from "@kysera/executor";
import { defineRLSSchema, RLSError, rlsPlugin } from "@kysera/rls";

const schema = defineRLSSchema({ posts: { policies: [] } });
// Values that the types do not allow are what is tested.
const anything = (value: unknown): any => value;

describe("rlsPlugin()", () => {
  it("refuses options that there are not, or that have a value which they cannot have", () => {
    const wrong: readonly object[] = [
      {},
      { schema: 1 },
      { schema, shema: 1 },
      { schema, contextProvider: {} },
      { schema, requireContext: "yes" },
      { schema, skipTables: "posts" },
      { schema, bypassRoles: [""] },
      { schema, unlistedTables: "refuse" },
      { schema, onViolation: true },
      { schema, logger: {} },
      { schema, auditDecisions: true },
    ];
    for (const options of wrong) {
      assert.throws(
        () => rlsPlugin(anything(options)),
        (error) => error instanceof PluginValidationError || error instanceof RLSError,
      );
    }
  });
});
