import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { longestFirst, runAll, workers } from "./schedule.ts";

describe("longestFirst()", () => {
  it("begins with what has not run before, the largest of it, then goes by the times", () => {
    const items = [
      { name: "quick", size: 9 },
      { name: "small", size: 1 },
      { name: "slow", size: 1 },
      { name: "large", size: 5 },
    ];
    assert.deepEqual(longestFirst(items, { quick: 1, slow: 20 }).map(({ name }) => name), [
      "large",
      "small",
      "slow",
      "quick",
    ]);
  });
});

describe("runAll()", () => {
  it("runs everything in order, and gives what was left when it may not go on", async () => {
    const ran: number[] = [];
    const used = new Set<number>();
    const run = (item: number, worker: number) => {
      used.add(worker);
      return Promise.resolve(void ran.push(item));
    };
    assert.deepEqual(await runAll([1, 2, 3], run, () => true), []);
    assert.deepEqual(ran, [1, 2, 3]);
    assert.ok(used.size <= workers() && used.has(0), [...used].join());
    assert.deepEqual(await runAll([1, 2, 3], run, () => ran.length < 4), [2, 3]);
  });
});
