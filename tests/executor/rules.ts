/** The rules of the rewriting, as the tables in the files of `executor/rewrite/` give them. */
import { createExecutorSync } from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import type { CompiledQuery, Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy, type DummyName } from "./dummy.ts";

/** `f` stands for the filter of each of these tables. */
export const filter: Plugin = {
  name: "filter",
  version: "1.0.0",
  stable: true,
  appliesTo: ({ name }) => ["a", "b"].includes(name.toLowerCase()),
  filter: (reference) => reference.column<boolean>("f"),
};

export type Build = (db: Kysely<any>) => { compile(): CompiledQuery };

export const compile = (build: Build, name: DummyName, plugins: Plugin[] = [filter]): string =>
  build(createExecutorSync(dummy(name), plugins)).compile().sql.replaceAll(/["`]/g, "");

/** A rule, a query, and the SQL it becomes. */
export type Rule = readonly [rule: string, build: Build, sql: string, name?: DummyName];

export function rules(title: string, list: readonly Rule[]): void {
  describe(title, () => {
    for (const [rule, build, expected, name = "postgres"] of list) {
      it(rule, () => assert.equal(compile(build, name), expected));
    }
  });
}
