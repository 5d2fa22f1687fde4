import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SIZE_BUDGETS, sizesOf } from "../../scripts/size.ts";

const sizes = await sizesOf(SIZE_BUDGETS);

describe("what a program has to load", () => {
  for (const { name, gzipped, budget, goal } of sizes) {
    it(`${name}: at most ${budget} kB`, () => {
      assert.ok(
        gzipped <= budget,
        `${gzipped.toFixed(1)} kB; where that is worth it, raise the budget in scripts/size.ts`,
      );
      // A budget that is far from what is there would let anything pass.
      assert.ok(gzipped > budget * 0.85 - 0.5, `${gzipped.toFixed(1)} kB; lower the budget`);
      assert.ok(goal === undefined || goal < budget, "the goal is reached; make it the budget");
    });
  }
});
