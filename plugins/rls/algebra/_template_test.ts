import type { Attributes } from "@kysera/executor";
import fc from "fast-check";
import { type Expression, expressionBuilder, type SqlBool } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ContextSource } from "../context/_context_source.ts";
import type { Policy, PolicyContext, PolicyTools } from "../contract/policy.ts";
import { allow } from "../policy/allow.ts";
import { deny } from "../policy/deny.ts";
import { filter } from "../policy/filter.ts";
import { validate } from "../policy/validate.ts";
import { PolicyRegistry } from "../policy/policy_registry.ts";
import { type Answer, keeping, type Place, PolicyAsker } from "./_answer.ts";
import { columnInMemory } from "./_predicate.ts";
import type { Site } from "./_site.ts";

type Context = PolicyContext<any>;
type Tools = PolicyTools<any>;

/** Conditions whose form and values are another caller's, or are not to be had at all. */
const CONDITIONS: Readonly<Record<string, (context: Context, tools: Tools) => any>> = {
  columns: ({ auth }) => ({ tenant_id: auth.tenantId }),
  two: ({ auth }) => ({ tenant_id: auth.tenantId, owner_id: auth.userId }),
  list: ({ auth }) => ({ org_id: auth.organizationIds ?? [] }),
  flag: ({ auth }) => ({ is_open: auth.roles.includes("admin") }),
  date: ({ auth }) => ({ since: new Date(Number(auth.userId)) }),
  comparison: ({ auth }, { eb }) => eb("tenant_id", "=", auth.tenantId),
  other: ({ auth }, { eb }) => eb("tenant_id", "=", auth.userId),
  column: ({ auth }, { eb, column }) => eb(column("owner_id"), "<>", auth.userId),
  either: ({ auth }, { eb }) =>
    eb.or([eb("owner_id", "=", auth.userId), eb("tenant_id", "in", [auth.tenantId, 7])]),
  role: ({ auth }) => auth.roles.includes("admin"),
  shape: ({ auth }, { eb }) =>
    auth.roles.includes("admin") ? eb("a", "=", 1) : { owner_id: auth.userId },
  row: ({ row, auth }) => row["owner_id"] === auth.userId,
  copy: (context) => ({ ...context }).row["owner_id"] === context.auth.userId,
  heir: (context) => Object.create(context).data["owner_id"] === context.auth.userId,
  late: ({ auth }) => Promise.resolve(auth.userId === 1),
  throws: ({ auth }) => {
    if (auth.userId === 2) throw new TypeError("no");
    return true;
  },
  wrong: ({ auth }, { eb }) => auth.userId === 2 ? eb("a", "no operator" as "=", 1) : true,
  nothing: () => undefined,
};
const MAKERS = { allow, deny, filter, validate };
const OPERATIONS = { allow: "all", deny: "all", filter: "read", validate: "all" } as const;
const SITES: readonly Site[] = [
  "read",
  "update",
  "delete",
  "merge",
  "create-check",
  "create-returning-check",
  "update-check",
];

const policies: fc.Arbitrary<Policy<any>[]> = fc.array(
  fc.record({
    type: fc.constantFrom("allow", "deny", "filter", "validate"),
    condition: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...Object.keys(CONDITIONS)) },
      fc.constantFrom(true, false, { state: "open" }, { state: null, kind: ["a", "b"] }),
    ),
  }),
  { minLength: 1, maxLength: 6 },
).map((given) =>
  given.map(({ type, condition }) => {
    const of = typeof condition === "string" ? CONDITIONS[condition] : condition;
    return (MAKERS[type] as (...of: unknown[]) => Policy<any>)(OPERATIONS[type], of);
  })
);
const callers: fc.Arbitrary<Attributes[]> = fc.array(
  fc.record({
    auth: fc.record({
      userId: fc.constantFrom(1, 2, 3),
      tenantId: fc.constantFrom(1, 2, "x"),
      organizationIds: fc.array(fc.constantFrom(1, 2), { maxLength: 2 }),
      roles: fc.constantFrom([], ["admin"], ["root"]),
    }),
  }),
  { minLength: 2, maxLength: 12 },
);

function placeOf(given: readonly Policy<any>[], site: Site): Place {
  const registry = new PolicyRegistry({ t: { policies: [...given] } });
  return {
    site,
    table: registry.table("t")!,
    dialect: "sqlite",
    column: keeping(columnInMemory),
    problemOf: undefined,
    actions: undefined,
  };
}

function asked(asker: PolicyAsker, caller: Attributes): unknown {
  let answer: Answer;
  try {
    answer = asker.ask(caller, {});
    const { key, values, refusal, asksForRows, formulas } = answer;
    const leaves = formulas?.flatMap(({ permissive, restrictive }) =>
      [...permissive ?? [], ...restrictive].map(({ policy, negated, verdict }) => ({
        policy: policy.name,
        negated,
        // Those of SQL that is known make their nodes when they are asked for them.
        verdict: verdict.kind === "sql"
          ? { form: verdict.form, values: verdict.values, node: verdict.node }
          : verdict,
      }))
    );
    return { key, values, refusal, asksForRows, leaves };
  } catch (error) {
    assert.ok(error instanceof Error);
    return { error: `${error.name}: ${error.message}` };
  }
}

describe("PolicyAsker", () => {
  it("answers a caller as if it had been asked for nobody before", () => {
    fc.assert(
      fc.property(policies, fc.constantFrom(...SITES), callers, (given, site, callers) => {
        const place = placeOf(given, site);
        const source = new ContextSource(undefined, true);
        const asker = new PolicyAsker(place, source, ["root"]);
        for (const caller of callers) {
          const alone = asked(new PolicyAsker(place, source, ["root"]), caller);
          assert.deepEqual(asked(asker, caller), alone);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("writes what two policies ask for once where it is the same, and only there", () => {
    const { comparison, other } = CONDITIONS;
    const lists: readonly (readonly [Site, Policy<any>[]])[] = [
      ["read", [filter("read", comparison!), filter("read", other!)]],
      ["update", [filter("read", comparison!), deny("update", false), deny("update", other!)]],
      ["update", [allow("read", comparison!), allow("update", other!)]],
      ["update", [allow("read", { tenant_id: 1 }), allow("update", CONDITIONS["columns"]!)]],
    ];
    for (const [site, given] of lists) {
      const place = placeOf(given, site);
      const source = new ContextSource(undefined, true);
      const asker = new PolicyAsker(place, source, []);
      const ids = [[1, 1], [1, 1], [1, 2], [2, 1], [2, 2], [1, 1], [1, 2]];
      for (const [userId, tenantId] of ids) {
        const caller = { auth: { userId, tenantId, roles: [] } };
        assert.deepEqual(
          asked(asker, caller),
          asked(new PolicyAsker(place, source, []), caller),
        );
      }
    }
  });

  it("asks each function once for a caller, and makes no SQL of an answer that it knows", () => {
    let calls = 0;
    let made = 0;
    const counted = (condition: (tools: Tools) => unknown): Policy<any> =>
      filter("read", (_context: Context, tools: Tools) => {
        calls++;
        return condition(tools) as Expression<SqlBool>;
      });
    const given = [
      counted(({ eb }) => eb("a", "=", calls)),
      counted(({ eb }) => {
        const comparison = eb("a", "<>", calls);
        const { toOperationNode } = comparison;
        comparison.toOperationNode = () => (made++, toOperationNode.call(comparison));
        return comparison;
      }),
    ];
    const asker = new PolicyAsker(placeOf(given, "read"), new ContextSource(undefined, true), []);
    const ask = (userId: number) => asker.ask({ auth: { userId, roles: [] } }, {});
    ask(1);
    ask(2);
    assert.ok(made > 0);
    calls = made = 0;
    const { key, values } = ask(3);
    assert.deepEqual([calls, made, values], [2, 0, [1, 2]]);
    assert.equal(key, ask(4).key);
  });
});

describe("a comparison of a policy", () => {
  it("is what Kysely makes of it, wherever it is used", () => {
    const kysely = expressionBuilder<any, any>();
    const uses: readonly ((eb: Tools["eb"]) => { toOperationNode(): unknown })[] = [
      (eb) => eb("a", "=", 1),
      (eb) => eb("t.a", "like", "x%"),
      (eb) => eb("a", ">", 2n),
      (eb) => eb("a", "is", null),
      (eb) => eb("a", "is not", true),
      (eb) => eb("a", "in", [1, 2]),
      (eb) => eb("a", "=", eb.ref("b")),
      (eb) => eb(eb.fn("lower", ["a"]), "=", "x"),
      (eb) => eb("a", "=", 1).or("b", "=", 2),
      (eb) => eb("a", "=", 1).and(eb.eb("b", "=", 2)),
      (eb) => eb.not(eb("a", "=", 1)),
      (eb) => eb.and([eb("a", "=", 1), eb.or([eb("b", "=", 2), eb("c", "=", 3)])]),
      (eb) => eb("a", "=", 1).as("x"),
      (eb) => eb("a", "=", 1).$castTo<number>(),
      (eb) => eb.exists(eb.selectFrom("u").select("id").where(eb("u.id", "=", 1))),
    ];
    const seen: unknown[] = [];
    const policy = filter("read", (_context: Context, { eb }: Tools) => {
      for (const use of uses) seen.push(use(eb).toOperationNode());
      return true;
    });
    new PolicyAsker(placeOf([policy], "read"), new ContextSource(undefined, true), [])
      .ask({ auth: { userId: 1, roles: [] } }, {});
    assert.deepEqual(stable(seen), stable(uses.map((use) => use(kysely).toOperationNode())));
    assert.ok(seen.length === uses.length);
  });
});

/** Query builders number their queries. */
function stable(nodes: unknown): unknown {
  return JSON.parse(
    JSON.stringify(
      nodes,
      (key, value) =>
        key === "queryId" ? undefined : typeof value === "bigint" ? `${value}n` : value,
    ),
  );
}
