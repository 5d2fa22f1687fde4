import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  allow,
  defineRLSSchema,
  deny,
  filter,
  mergeRLSSchemas,
  PolicyRegistry,
  RLSSchemaError,
  validate,
} from "@kysera/rls";

// Values that the types do not allow are what is tested.
const anything = (value: unknown): any => value;

describe("defineRLSSchema()", () => {
  it("refuses what is unknown, empty or of the wrong kind, and says where", () => {
    const table = (config: object) => () => defineRLSSchema({ posts: anything(config) });
    const cases: readonly (readonly [make: () => unknown, path: RegExp])[] = [
      [() => defineRLSSchema(anything(null)), /^$/],
      [() => defineRLSSchema({ "": { policies: [] } }), /^$/],
      [() => defineRLSSchema({ "a.b.c": { policies: [] } }), /^$/],
      [table([]), /^posts$/],
      [table({}), /posts\.policies/],
      [table({ policies: [], polices: [] }), /^posts$/],
      [table({ policies: [{}] }), /posts\.policies\[0\]/],
      [table({ policies: [], defaultDeny: "no" }), /posts\.defaultDeny/],
      [table({ policies: [], skipFor: [""] }), /posts\.skipFor/],
      [table({ policies: [], primaryKey: [] }), /posts\.primaryKey/],
      [table({ policies: [], stamp: { tenant_id: undefined } }), /posts\.stamp\.tenant_id/],
      [table({ policies: [], stamp: { tenant_id: "" } }), /posts\.stamp\.tenant_id/],
      [table({ policies: [], columns: { name: {} } }), /posts\.columns\.name/],
      [
        table({ policies: [], columns: { name: { mask: 1, write: true } } }),
        /posts\.columns\.name/,
      ],
      [
        table({ policies: [], columns: { name: { read: { a: undefined } } } }),
        /columns\.name\.read/,
      ],
      [
        table({
          policies: [allow("read", true, { name: "a" }), deny("read", true, { name: "a" })],
        }),
        /posts\.policies/,
      ],
    ];
    for (const [make, path] of cases) {
      assert.throws(make, (error) => error instanceof RLSSchemaError && path.test(error.path));
    }
  });

  it("freezes what it gives, so that nobody can change it afterwards", () => {
    const policies = [allow("read", true)];
    const schema = defineRLSSchema({ posts: { policies } });
    policies.push(allow("delete", true));
    assert.equal(schema["posts"]!.policies.length, 1);
    assert.ok(Object.isFrozen(schema["posts"]!.policies));
  });
});

describe("a policy", () => {
  it("refuses operations, options and conditions that there are not", () => {
    const makers: readonly (() => unknown)[] = [
      () => allow(anything("write"), true),
      () => allow([], true),
      () => allow(["read", "read"], true),
      () => filter(anything("update"), true),
      () => validate(anything("read"), true),
      () => allow("read", anything(undefined)),
      () => allow("read", anything(null)),
      () => allow("read", {}),
      () => allow("read", { "posts.id": 1 }),
      () => allow("read", { id: anything(undefined) }),
      () => allow("read", { id: Number.NaN }),
      () => allow("read", { id: "" }),
      () => allow("read", { id: [1, anything(null)] }),
      () => allow("read", { id: anything({ $ne: 1 }) }),
      () => allow("read", true, anything({ nam: "x" })),
      () => allow("read", true, { name: " " }),
      () => allow("read", true, { priority: Number.NaN }),
      () => allow("read", true, { message: " " }),
      () => allow("read", true, anything({ condition: false })),
      () => allow("read", true, { hints: anything({ index: [] }) }),
      () => filter("read", true, anything({ check: true })),
    ];
    for (const make of makers) assert.throws(make, RLSSchemaError);
  });

  it("about reading cannot be an async function, and says how else to write it", () => {
    assert.throws(
      () => allow("read", async () => await Promise.resolve(true)),
      /write a predicate instead/,
    );
    assert.throws(() => filter("all", async () => await Promise.resolve(true)), RLSSchemaError);
    allow("update", async () => await Promise.resolve(true));
  });

  it("has a name made up of what it is, and comes by its priority", () => {
    const registry = new PolicyRegistry(defineRLSSchema({
      posts: {
        policies: [
          allow(["read", "update"], true),
          deny("delete"),
          filter("all", { archived: false }, { name: "live" }),
          validate("create", { status: "draft" }, { priority: 500 }),
        ],
        stamp: { tenant_id: 1 },
      },
    }));
    assert.deepEqual(registry.table("posts")!.policies.map(({ name }) => name), [
      "validate_create_4",
      "deny_delete_2",
      "allow_read_update_1",
      "live",
      "stamp_tenant_id",
    ]);
  });
});

describe("mergeRLSSchemas()", () => {
  const one = defineRLSSchema({
    posts: { policies: [allow("read", true)], defaultDeny: false, skipFor: ["a"] },
  });

  it("keeps all policies, denies where one of them does, and skips for the roles of each", () => {
    const merged = mergeRLSSchemas(
      one,
      defineRLSSchema({
        posts: { policies: [deny("delete")], skipFor: ["b"], stamp: { tenant_id: 1 } },
        users: { policies: [] },
      }),
    );
    assert.equal(merged["posts"]!.policies.length, 2);
    assert.equal(merged["posts"]!.defaultDeny, true);
    assert.deepEqual(merged["posts"]!.skipFor, ["a", "b"]);
    assert.ok(merged["users"] !== undefined);
  });

  it("refuses schemas that contradict each other", () => {
    const stamped = (tenant: number) =>
      defineRLSSchema({ posts: { policies: [], stamp: { tenant_id: tenant } } });
    assert.throws(() => mergeRLSSchemas(stamped(1), stamped(2)), RLSSchemaError);
    mergeRLSSchemas(stamped(1), stamped(1));
  });
});
