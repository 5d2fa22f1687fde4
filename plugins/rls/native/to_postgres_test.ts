import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { allow, defineRLSSchema, deny, type PolicyCondition, RLSSchemaError } from "@kysera/rls";
import {
  type NativeOptions,
  nativeRLSPlugin,
  RLSMigrationGenerator,
  toPostgres,
} from "@kysera/rls/native";
import { sql } from "kysely";

/** The USING of a policy with the condition. */
function using(condition: PolicyCondition<any>, options: NativeOptions = {}): string {
  const schema = defineRLSSchema<any>({ posts: { policies: [allow("read", condition)] } });
  const policy = toPostgres(schema, options).find((statement) =>
    statement.startsWith("create policy")
  );
  return policy!.slice(policy!.indexOf(" using (") + 8, -1);
}

const tenant = `(select "public"."rls_value"(array['auth', 'tenantId'], ` +
  `(null::"public"."posts")."tenant_id"))`;

describe("toPostgres()", () => {
  it("writes columns and values", () => {
    assert.equal(using(true), "true");
    assert.equal(using({ a: 1, b: "it's" }), `("posts"."a" = 1 and "posts"."b" = 'it''s')`);
    assert.equal(
      using({ a: [1, -2], b: null }),
      `("posts"."a" in (1, (-2)) and "posts"."b" is null)`,
    );
    assert.equal(using({ a: [] }), "false");
    assert.equal(using({ b: "\\'" }), `"posts"."b" = E'\\\\'''`);
    assert.equal(
      using((ctx) => ({ tenant_id: ctx.auth.tenantId! })),
      `"posts"."tenant_id" = ${tenant}`,
    );
  });

  it("takes the type of a value from the column that it is compared with", () => {
    assert.equal(
      using((ctx, { eb, column }) => eb(eb.val(ctx.auth.tenantId), "<", column("tenant_id"))),
      `(${tenant} < "posts"."tenant_id")`,
    );
    assert.match(
      using((ctx, { eb, column }) =>
        eb(
          column("team"),
          "in",
          eb.selectFrom("app.members as m").select("m.team").where(
            "m.user_id",
            "=",
            ctx.auth.userId,
          ),
        )
      ),
      /\(null::"app"."members"\)."user_id"/,
    );
    assert.match(
      using((ctx) => sql<boolean>`starts_with(title, ${ctx.auth.userId})`),
      /starts_with\(title, \(select "public"."rls_value"\(array\['auth', 'userId'\], null::text\)\)\)/,
    );
  });

  it("names each policy once, in 63 bytes", () => {
    const long = "ü".repeat(60);
    const schema = defineRLSSchema<any>({
      posts: {
        policies: [allow("all", true, { name: long }), deny("all", { a: 1 }, { name: `${long}b` })],
      },
    });
    const names = toPostgres(schema).flatMap((statement) =>
      /^create policy "([^"]+)"/.exec(statement)?.[1] ?? []
    );
    assert.equal(new Set(names).size, 8);
    for (const name of names) assert.ok(new TextEncoder().encode(name).length <= 63);
  });

  const impossible: Readonly<Record<string, PolicyCondition<any>>> = {
    "looks at the row": (ctx) => ctx.row["tenant_id"] === ctx.auth.tenantId,
    "looks at the new row": (ctx) => ctx.data["a"] === 1,
    "compares a value": (ctx) => ctx.auth.userId === 7,
    "decides by a value": (ctx) => (ctx.auth.tenantId ? true : { a: 1 }),
    "decides by a value and uses it": (ctx) =>
      ctx.auth.tenantId ? { tenant_id: ctx.auth.tenantId } : { a: 1 },
    "has another value in place of one": (ctx) => ({ tenant_id: ctx.auth.tenantId ?? 7 }),
    "negates a value": (ctx) => !ctx.auth.tenantId,
    "makes a text of a value": (ctx) => ({ a: `x${ctx.auth.tenantId}` }),
    "makes a number of a value": (ctx) => ({ a: Number(ctx.auth.tenantId) }),
    "counts a list": (ctx) => ctx.auth.roles.length > 1,
    "walks a list": (ctx) => ctx.auth.roles.some((role) => role === "x"),
    "spreads a list": (ctx) => ({ a: [...ctx.auth.organizationIds!] }),
    "looks into the context": (ctx) => "tenantId" in ctx.auth,
    "asks for what there is not": (ctx) => ({ a: (ctx.auth as any).nothing }),
    "is asynchronous": (ctx) => Promise.resolve(ctx.auth.userId === 1),
    "throws": () => {
      throw new Error("no");
    },
    "answers nothing": () => undefined as any,
    "answers with undefined": () => ({ a: undefined as any }),
    "uses the table's name again": (ctx, { eb, column }) =>
      eb(
        column("id"),
        "in",
        eb.selectFrom("app.posts").select("id").where("a", "=", ctx.auth.userId),
      ),
  };
  for (const [does, condition] of Object.entries(impossible)) {
    it(`refuses a function that ${does}`, () => {
      const policies = deny("update", condition, { name: "mine" });
      assert.throws(
        () => toPostgres(defineRLSSchema<any>({ posts: { policies: [policies] } })),
        (error) =>
          error instanceof RLSSchemaError && error.path === `posts, policy "mine"` &&
          /cannot be written as a policy of PostgreSQL/.test(error.message),
      );
    });
  }

  it("refuses rules of columns that no grant can say", () => {
    const of = (read: any) =>
      defineRLSSchema<any>({ posts: { policies: [allow("all", true)], columns: { a: { read } } } });
    const options = { roles: ["app"], columns: { posts: ["id", "a"] } };
    assert.throws(() => toPostgres(of(false)), /give the options "roles", and "columns"/);
    assert.throws(() => toPostgres(of({ id: 1 }), options), /only true and false/);
    assert.throws(
      () => toPostgres(of(false), { ...options, columns: { posts: ["id"] } }),
      /column "a" is missing/,
    );
    assert.equal(
      toPostgres(of(false), options).at(-3),
      `grant select ("id") on "public"."posts" to "app"`,
    );
  });

  it("refuses options that there are not, and names that could be none", () => {
    const schema = defineRLSSchema<any>({ posts: { policies: [allow("all", true)] } });
    const refuses = (options: any, message: RegExp) =>
      assert.throws(() => toPostgres(schema, options), message);
    refuses({ forced: true }, /there is no option "forced"/);
    refuses({ policyPrefix: "a%" }, /policyPrefix/);
    refuses({ setting: "context" }, /two names with a dot/);
    refuses({ force: 1 }, /force/);
    assert.ok(
      toPostgres(schema, { force: false }).includes(
        `alter table "public"."posts" no force row level security`,
      ),
    );
  });
});

describe("RLSMigrationGenerator", () => {
  it("writes a module that says the same", () => {
    const schema = defineRLSSchema<any>({
      posts: { policies: [allow("all", { a: "`${x}`\n\\" })] },
    });
    const text = new RLSMigrationGenerator().generateMigration(schema);
    const [up] = /\[\n[^]*?\n\];/.exec(text)!;
    assert.deepEqual(JSON.parse(up.slice(0, -1).replace(/,\n\]$/, "]")), toPostgres(schema));
    assert.match(text, /export async function down/);
  });
});

describe("nativeRLSPlugin()", () => {
  it("refuses options that there are not", () => {
    assert.throws(() => nativeRLSPlugin({ schema: {} } as any), /there is no option "schema"/);
    assert.throws(() => nativeRLSPlugin({ setting: "x" }), /two names with a dot/);
  });
});
