/** That a fragment has passed says nothing of another, which differs in what decides. */
import { createExecutorSync, type Plugin, RawSqlError } from "@kysera/executor";
import { type Expression, type Kysely, sql, ValueNode } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy, type DummyName } from "./dummy.ts";

const guarding: Plugin = {
  name: "guard",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "guarded",
  filter: (table, { eb }) => eb(table.column("hidden"), "=", 0),
};

interface Setting {
  readonly dialect?: DummyName;
  readonly tableFunctions?: readonly string[];
}

function executor({ dialect = "postgres", tableFunctions = [] }: Setting = {}): Kysely<any> {
  return createExecutorSync(dummy(dialect), [guarding], { rawSql: "deny", tableFunctions });
}

function passes(db: Kysely<any>, fragment: Expression<unknown>): boolean {
  try {
    db.selectFrom("users").select(sql`${fragment}`.as("x")).compile();
    return true;
  } catch (error) {
    assert.ok(error instanceof RawSqlError, String(error));
    return false;
  }
}

/** Fragments of one text, of which the first passes and the second does not. */
const PAIRS: Readonly<Record<string, (other: boolean) => Expression<unknown>>> = {
  "the name that is called": (other) => sql`${sql.ref(other ? "query_to_xml" : "lower")} (${"a"})`,
  "the name of a column that is called": (other) =>
    sql`${sql.ref(other ? "t.query_to_xml" : "t.lower")} (${"a"})`,
  "the setting that is changed": (other) =>
    sql`set_config(${other ? "role" : "statement_timeout"}, ${"1"}, true)`,
  "the setting, by a name": (other) =>
    sql`${sql.ref("set_config")} (${other ? "role" : "statement_timeout"}, ${"1"}, true)`,
  "the table that is named": (other) => sql`${sql.table(other ? "guarded" : "free")} is not null`,
  "a node that may begin with a bracket": (other) =>
    sql`query_to_xml ${other ? { toOperationNode: () => parens } : sql.val(1)}`,
  "what is aliased": (other) => sql`(select x from ${other ? table("t") : query("t")})`,
};

const parens = { kind: "ParensNode", node: ValueNode.create(1) } as const;
const query = (alias: string) => executor().selectFrom("free").selectAll().as(alias);
const table = (alias: string) => sql.table("guarded").as(sql.ref(alias) as never);

describe("a raw fragment that has passed", () => {
  for (const [name, make] of Object.entries(PAIRS)) {
    it(`does not let another pass that differs in ${name}`, () => {
      const db = executor();
      const fresh = [passes(executor(), make(false)), passes(executor(), make(true))];
      assert.equal(fresh[1], false, "the second one passes by itself");
      for (let i = 0; i < 3; i++) {
        assert.deepEqual([passes(db, make(false)), passes(db, make(true))], fresh);
      }
    });
  }

  it("passes under another executor by what that one knows", () => {
    const fragment = sql`(select x from mine(1) as x)`;
    const knows = executor({ tableFunctions: ["mine"] });
    for (let i = 0; i < 2; i++) {
      assert.ok(passes(knows, fragment));
      assert.ok(!passes(executor(), fragment));
    }
  });

  it("passes under another dialect by what that one reads", () => {
    const fragment = sql`a in ${sql.ref("b")}`;
    for (let i = 0; i < 2; i++) {
      assert.ok(passes(executor({ dialect: "postgres" }), fragment));
      assert.ok(!passes(executor({ dialect: "sqlite" }), fragment));
    }
  });

  it("passes as part of another by where its brackets close", () => {
    const db = executor();
    for (let i = 0; i < 2; i++) {
      assert.ok(passes(db, sql`(${sql`a`} + b)`));
      assert.ok(!passes(db, sql`(${sql`a + b)`}`));
      assert.ok(passes(db, sql`(${sql`a + b`})`));
    }
  });

  it("is still bounded where programs make up texts", () => {
    const db = executor();
    for (let i = 0; i < 2_500; i++) assert.ok(passes(db, sql.raw(`a + ${i}`)));
    assert.ok(!passes(db, sql`${sql.table("guarded")} is null`));
  });
});
