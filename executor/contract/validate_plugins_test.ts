import { PluginValidationError, validatePlugins } from "@kysera/executor";
import type { Plugin, PluginValidationDetails, PluginValidationErrorType } from "@kysera/executor";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const plugin = (name: string, more: Partial<Plugin> = {}): Plugin => ({
  name,
  version: "1.0.0",
  ...more,
});

function refuses(
  plugins: unknown,
  type: PluginValidationErrorType,
  details: PluginValidationDetails,
  message: RegExp,
): void {
  assert.throws(() => validatePlugins(plugins as Plugin[]), (error) => {
    assert.ok(error instanceof PluginValidationError, `it threw ${error}`);
    assert.equal(error.type, type);
    assert.equal(error.code, `PLUGIN_${type}`);
    assert.equal(error.name, "PluginValidationError");
    assert.deepEqual(error.details, details);
    assert.match(error.message, message);
    return true;
  });
}

describe("validatePlugins()", () => {
  it("takes an empty list, and plugins with every member there is", () => {
    validatePlugins([]);
    validatePlugins([
      plugin("a"),
      plugin("b", {
        dependencies: ["a"],
        conflictsWith: ["c"],
        priority: -1.5,
        onInit: () => {},
        onDestroy: () => {},
        interceptQuery: (qb) => qb,
        extendRepository: (repository) => repository,
        appliesTo: () => true,
        filter: () => undefined,
        rewriteDelete: () => undefined,
        aroundQuery: (query, next) => next(query),
        describe: () => [],
        setup: () => ({}),
      }),
    ]);
  });

  for (const value of [undefined, null, "plugins", 5, {}, () => []]) {
    it(`refuses ${String(value)} in place of a list`, () => {
      refuses(value, "INVALID_PLUGIN", {}, /pass a list/);
    });
  }

  for (const value of [undefined, null, "soft-delete", 5, () => ({})]) {
    it(`refuses ${String(value)} in place of a plugin`, () => {
      refuses([value], "INVALID_PLUGIN", {}, /pass an object with a name and a version/);
    });
  }

  for (const name of [undefined, null, 5, "", "  "]) {
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      refuses([{ name, version: "1.0.0" }], "INVALID_PLUGIN", {}, /without a name; give it a name/);
    });
  }

  for (const version of [undefined, null, 1, "", " "]) {
    it(`refuses the version ${JSON.stringify(version)}`, () => {
      refuses(
        [{ name: "a", version }],
        "INVALID_PLUGIN",
        { pluginName: "a" },
        /plugin "a" without a version; give it one/,
      );
    });
  }

  it("refuses a name that is there twice", () => {
    refuses(
      [plugin("a"), plugin("b"), plugin("a")],
      "DUPLICATE_NAME",
      { pluginName: "a" },
      /"a" is there twice; remove one/,
    );
  });

  it("refuses a plugin whose dependency is missing", () => {
    refuses(
      [plugin("a", { dependencies: ["b"] })],
      "MISSING_DEPENDENCY",
      { pluginName: "a", missingDependency: "b" },
      /plugin "a" without plugin "b", which it depends on; add it/,
    );
  });

  it("refuses two plugins of which one conflicts with the other, wherever they stand", () => {
    const details = { pluginName: "a", conflictingPlugin: "b" };
    const a = plugin("a", { conflictsWith: ["b"] });
    refuses([a, plugin("b")], "CONFLICT", details, /"a" together with "b"/);
    refuses([plugin("b"), a], "CONFLICT", details, /"a" together with "b"/);
  });

  it("refuses a circle of dependencies and says how it goes", () => {
    refuses(
      [
        plugin("outside", { dependencies: ["a"] }),
        plugin("a", { dependencies: ["b"] }),
        plugin("b", { dependencies: ["c"] }),
        plugin("c", { dependencies: ["a"] }),
      ],
      "CIRCULAR_DEPENDENCY",
      { pluginName: "a", cycle: ["a", "b", "c", "a"] },
      /in a circle \(a -> b -> c -> a\); remove one/,
    );
  });

  it("refuses a plugin that depends on itself", () => {
    refuses(
      [plugin("a", { dependencies: ["a"] })],
      "CIRCULAR_DEPENDENCY",
      { pluginName: "a", cycle: ["a", "a"] },
      /a -> a/,
    );
  });

  for (const priority of [NaN, Infinity, -Infinity, "high", null]) {
    it(`refuses the priority ${priority}`, () => {
      refuses(
        [plugin("a", { priority: priority as number })],
        "INVALID_PLUGIN",
        { pluginName: "a" },
        /its priority is not a finite number/,
      );
    });
  }

  for (const list of ["dependencies", "conflictsWith"] as const) {
    for (const value of ["b", [5], {}, null]) {
      it(`refuses ${JSON.stringify(value)} as ${list}`, () => {
        refuses(
          [plugin("a", { [list]: value })],
          "INVALID_PLUGIN",
          { pluginName: "a" },
          new RegExp(`"${list}" is not a list of plugin names`),
        );
      });
    }
  }

  for (
    const hook of [
      "onInit",
      "onDestroy",
      "interceptQuery",
      "extendRepository",
      "appliesTo",
      "filter",
      "rewriteDelete",
      "aroundQuery",
      "describe",
      "setup",
    ]
  ) {
    it(`refuses a plugin whose ${hook} is not a function`, () => {
      for (const value of [null, true, "select", {}]) {
        refuses(
          [plugin("a", { [hook]: value })],
          "INVALID_PLUGIN",
          { pluginName: "a" },
          new RegExp(`its "${hook}" is not a function`),
        );
      }
    });
  }

  it(`refuses a plugin whose rawSql is anything but "deny"`, () => {
    for (const value of ["allow", true, null]) {
      refuses(
        [plugin("a", { rawSql: value as "deny" })],
        "INVALID_PLUGIN",
        { pluginName: "a" },
        /"rawSql"/,
      );
    }
  });
});
