import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";
import { ExecutorError } from "../contract/errors.ts";
import type { PluginHooks } from "../contract/plugin.ts";
import { TRAITS } from "../dialect/mod.ts";
import { PluginSet } from "../hooks/_plugin_set.ts";
import { ALL_EXECUTOR_PARTS } from "./_all_executor_parts.ts";
import { type ExecutorParts, loadExecutorParts } from "./_executor_parts.ts";
import { Relations } from "./_relations.ts";
import { ExecutorState } from "./_state.ts";

const AROUND: PluginHooks = { aroundQuery: (query, next) => next(query) };

function stateOf(hooks: PluginHooks, { rewrite, runAround }: ExecutorParts): ExecutorState {
  const rawDb: Kysely<any> = dummy();
  return new ExecutorState({
    set: new PluginSet({
      plugins: [],
      hooks: [{ plugin: "test", hooks }],
      dialect: "sqlite",
      rawSql: "allow",
      tableFunctions: new Set(),
      parts: rewrite,
    }),
    own: [],
    rawDb,
    relations: new Relations(TRAITS.sqlite),
    runBatch: () => Promise.resolve({}),
    runAround,
    base: undefined,
  });
}

describe("loadExecutorParts()", () => {
  it("loads what runs aroundQuery for executors that have it", async () => {
    const load = (hooks: PluginHooks) =>
      loadExecutorParts({ hooks: [{ plugin: "test", hooks }], rawSql: "allow" });
    assert.equal((await load(AROUND)).runAround, ALL_EXECUTOR_PARTS.runAround);
    assert.equal((await load({ filter: () => undefined })).runAround, undefined);
  });
});

describe("ExecutorState", () => {
  it("is refused without what runs aroundQuery, and keeps it beside one that needs none", () => {
    assert.throws(() => stateOf(AROUND, { rewrite: {}, runAround: undefined }), ExecutorError);
    const without = stateOf({}, { rewrite: {}, runAround: undefined });
    const both = without.with(stateOf(AROUND, ALL_EXECUTOR_PARTS));
    assert.equal(both.runAround, ALL_EXECUTOR_PARTS.runAround);
  });
});
