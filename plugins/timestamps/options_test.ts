import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PluginValidationError } from "@kysera/executor";
import { type TimestampsOptions, timestampsPlugin } from "@kysera/timestamps";

function refusal(options: unknown): string {
  try {
    // What a program without types may pass.
    timestampsPlugin(options as TimestampsOptions);
  } catch (error) {
    assert.ok(error instanceof PluginValidationError);
    assert.equal(error.type, "INVALID_PLUGIN");
    assert.equal(error.details.pluginName, "@kysera/timestamps");
    const start = 'Cannot make plugin "@kysera/timestamps": ';
    assert.ok(error.message.startsWith(start));
    return error.message.slice(start.length);
  }
  assert.fail("the plugin was made");
}

describe("timestampsPlugin()", () => {
  it("has the name that other plugins depend on", () => {
    const { name, version, priority } = timestampsPlugin();
    assert.deepEqual([name, version, priority], ["@kysera/timestamps", "0.9.0", 0]);
  });

  it("takes every option, and undefined for none", () => {
    timestampsPlugin({
      createdAtColumn: "made_at",
      updatedAtColumn: "changed_at",
      createdByColumn: "made_by",
      updatedByColumn: null,
      setUpdatedAtOnInsert: false,
      tables: ["users", "app.posts"],
      excludeTables: ["labels"],
      getTimestamp: () => 5n,
      dateFormat: "unix",
      getUserId: () => null,
      actor: "required",
      onGiven: "refuse",
      primaryKeyColumn: { users: "uuid", posts: ["blog", "number"] },
      logger: { debug: () => {} },
    });
    timestampsPlugin({ createdAtColumn: undefined, tables: undefined, dateFormat: undefined });
    timestampsPlugin({ createdAtColumn: null });
  });

  it("refuses options that it does not know", () => {
    assert.match(
      refusal({ createdAt: "created_at" }),
      /^there is no option "createdAt"; the options are "createdAtColumn", .*, "logger"$/,
    );
    assert.match(refusal("users"), /^the options are "users"; pass an object/);
    assert.match(refusal(null), /^the options are null; /);
  });

  it("refuses values that an option cannot have", () => {
    const cases: readonly [options: Record<string, unknown>, problem: RegExp][] = [
      [{ createdAtColumn: "" }, /^"createdAtColumn" is "".* name of a column/],
      [{ updatedAtColumn: "t.at" }, /^"updatedAtColumn" is "t\.at"/],
      [{ createdByColumn: 5 }, /^"createdByColumn" is "5"/],
      [{ createdAtColumn: "at", updatedAtColumn: "at" }, /^"updatedAtColumn" is "at", as another/],
      [{ createdAtColumn: null, updatedAtColumn: null }, /^there is no column to set; name one/],
      [{ setUpdatedAtOnInsert: 1 }, /^"setUpdatedAtOnInsert" must be a boolean/],
      [{ tables: "users" }, /^"tables" must be a list/],
      [{ tables: [] }, /^"tables" is empty/],
      [{ excludeTables: ["a.b.c"] }, /^"excludeTables" has "a\.b\.c" in it/],
      [{ getTimestamp: new Date() }, /^"getTimestamp" must be a function that returns a Date/],
      [{ dateFormat: "ISO" }, /^"dateFormat" is "ISO"; it must be "iso", "unix" or "date"$/],
      [{ createdByColumn: "by", getUserId: 5 }, /^"getUserId" must be a function/],
      [{ createdByColumn: "by", actor: true }, /^"actor" is "true"; it must be "optional" or/],
      [{ getUserId: () => 1 }, /^"getUserId" has no use without "createdByColumn" or/],
      [{ actor: "required" }, /^"actor" has no use without/],
      [{ onGiven: "ignore" }, /^"onGiven" is "ignore"; it must be "keep", "replace" or "refuse"$/],
      [{ primaryKeyColumn: [] }, /^"primaryKeyColumn" must name at least one column/],
      [{ logger: {} }, /^"logger" must have a method "debug"/],
    ];
    for (const [options, problem] of cases) assert.match(refusal(options), problem);
  });
});
