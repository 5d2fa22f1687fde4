import { PluginValidationError, resolvePluginOrder } from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const plugin = (name: string, more: Partial<Plugin> = {}): Plugin => ({
  name,
  version: "1.0.0",
  ...more,
});
const names = (plugins: readonly Plugin[]): string[] => plugins.map(({ name }) => name);

/** Plugins without a circle, in any order: each depends on some of those drawn before it. */
const plugins: fc.Arbitrary<Plugin[]> = fc.array(
  fc.record({
    picks: fc.array(fc.nat(), { maxLength: 3 }),
    priority: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
  }),
  { maxLength: 8 },
).chain((drawn) => {
  const made = drawn.map(({ picks, priority }, i) =>
    plugin(`p${i}`, {
      dependencies: i === 0 ? [] : picks.map((pick) => `p${pick % i}`),
      ...priority === undefined ? {} : { priority },
    })
  );
  return fc.shuffledSubarray(made, { minLength: made.length });
});

describe("resolvePluginOrder()", () => {
  it("puts a plugin after those it depends on, whatever its priority", () => {
    const order = resolvePluginOrder([
      plugin("c", { dependencies: ["b"], priority: 1000 }),
      plugin("b", { dependencies: ["a"] }),
      plugin("a", { priority: -1 }),
    ]);
    assert.deepEqual(names(order), ["a", "b", "c"]);
  });

  it("puts the higher priority first, and takes a missing one for 0", () => {
    const order = resolvePluginOrder([
      plugin("low", { priority: -1 }),
      plugin("none"),
      plugin("zero", { priority: 0 }),
      plugin("high", { priority: 0.5 }),
    ]);
    assert.deepEqual(names(order), ["high", "none", "zero", "low"]);
  });

  it("keeps the given order where priorities are equal", () => {
    assert.deepEqual(names(resolvePluginOrder(["z", "m", "a"].map((name) => plugin(name)))), [
      "z",
      "m",
      "a",
    ]);
  });

  it("gives a new list of the same plugins and leaves the given one alone", () => {
    const given = Object.freeze([plugin("a"), plugin("b", { priority: 1 })]);
    const order = resolvePluginOrder(given);
    assert.notEqual(order, given);
    assert.equal(order[0], given[1]);
    assert.equal(order[1], given[0]);
  });

  it("refuses what validatePlugins() refuses", () => {
    assert.throws(() => resolvePluginOrder([plugin("a"), plugin("a")]), PluginValidationError);
  });

  it("at each place has the free plugin of the highest priority, and of those the first given", () => {
    fc.assert(fc.property(plugins, (given) => {
      const order = resolvePluginOrder(given);
      assert.deepEqual(new Set(order), new Set(given));
      assert.equal(order.length, given.length);
      order.forEach((chosen, at) => {
        const before = new Set(names(order.slice(0, at)));
        const free = given.filter(({ name, dependencies = [] }) =>
          !before.has(name) && dependencies.every((dependency) => before.has(dependency))
        );
        const highest = Math.max(...free.map(({ priority = 0 }) => priority));
        assert.equal(chosen, free.find(({ priority = 0 }) => priority === highest));
      });
    }));
  });

  it("gives the same order again when it is given its own order", () => {
    fc.assert(fc.property(plugins, (given) => {
      const order = resolvePluginOrder(given);
      assert.deepEqual(names(resolvePluginOrder(order)), names(order));
    }));
  });
});
