import {
  bindContext,
  createExecutorSync,
  ExecutorError,
  explainQuery,
  type Plugin,
  QueryRefusedError,
  type RowCheck,
  withMetadata,
} from "@kysera/executor";
import { CamelCasePlugin, type Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

const onUsers: Plugin["appliesTo"] = ({ name }) => name === "users";
const rule: RowCheck = {
  columns: ["tenant"],
  satisfied: (row) => row["tenant"] === 1,
  says: "a row is the caller's",
};
const tenants: Plugin = {
  name: "tenants",
  version: "1.0.0",
  stable: true,
  appliesTo: onUsers,
  filter: (users, { eb, value, metadata }) =>
    metadata["all"] === true
      ? undefined
      : eb(users.column("tenant"), "=", value((context) => context?.["tenant"] ?? 0)),
  check: () => rule,
  explain: ({ operation }, _, hook) => [`${hook} of ${operation}`],
};
const visible: Plugin = {
  name: "visible",
  version: "1.0.0",
  stable: true,
  appliesTo: onUsers,
  filter: (users, { eb }) => eb(users.column("hidden"), "=", 0),
};

describe("explainQuery()", () => {
  const executor: Kysely<any> = bindContext(
    createExecutorSync(dummy(), [tenants, visible]) as Kysely<any>,
    { tenant: 1 },
  );

  it("gives the SQL before and after, and which rules applied to each reference", () => {
    const query = executor.selectFrom("users as u").fullJoin("users as v", "v.id", "u.id")
      .innerJoin("tags", "tags.id", "u.id").select("u.id");
    for (let i = 0; i < 2; i++) {
      const { before, after, refused, references } = explainQuery(executor, query);
      assert.doesNotMatch(before, /tenant|hidden/);
      assert.equal(after, query.compile().sql);
      assert.equal(refused, undefined);
      const rules = [
        { plugin: "tenants", hook: "filter", says: ["filter of select"] },
        { plugin: "visible", hook: "filter", says: [] },
      ];
      const common = { table: "users", schema: undefined, operation: "select", role: "source" };
      assert.deepEqual(references, [
        { ...common, alias: "u", rules },
        { ...common, alias: "v", rules },
      ]);
    }
  });

  it("tells of rules in subqueries, and of the query as it was before there too", () => {
    const inner = executor.selectFrom("users").select("id");
    const query = executor.selectFrom("tags").selectAll().where("id", "in", inner);
    const { before, references } = explainQuery(executor, query);
    assert.equal(before, `select * from "tags" where "id" in (select "id" from "users")`);
    assert.equal(references.length, 1);
  });

  it("tells of writes, and why a query does not run", () => {
    const good = explainQuery(executor, executor.insertInto("users").values({ tenant: 1 }));
    assert.equal(good.before, `insert into "users" ("tenant") values ($1)`);
    assert.deepEqual(good.references.map(({ role, rules }) => [role, rules.map((r) => r.hook)]), [
      ["target", ["check"]],
    ]);
    const bad = explainQuery(executor, executor.insertInto("users").values({ tenant: 2 }));
    assert.equal(bad.before, good.before);
    assert.equal(bad.after, undefined);
    assert.ok(bad.refused instanceof QueryRefusedError);
    assert.deepEqual(bad.references, good.references);
  });

  it("shows a reference that all plugins left alone under these flags, and none of others", () => {
    const all = withMetadata(createExecutorSync(dummy(), [tenants]), { all: true });
    const { references } = explainQuery(all, all.selectFrom("users").selectAll());
    assert.deepEqual(references.map(({ rules }) => rules), [[]]);
    assert.deepEqual(explainQuery(all, all.selectFrom("tags").selectAll()).references, []);
  });

  it("shows what Kysely plugins make of the query", () => {
    const camel = createExecutorSync(dummy("postgres", [new CamelCasePlugin()]), [visible]);
    const { before, after } = explainQuery(
      camel,
      camel.selectFrom("users").select("firstName" as never),
    );
    assert.equal(before, `select "first_name" from "users"`);
    assert.equal(after, `select "first_name" from "users" where "users"."hidden" = $1`);
  });

  it("refuses what is not an executor, and leaves nothing behind", () => {
    const db = dummy();
    assert.throws(() => explainQuery(db, db.selectFrom("users").selectAll()), ExecutorError);
    const query = executor.selectFrom("users").selectAll();
    assert.equal(query.compile().sql, explainQuery(executor, query).after);
  });
});
