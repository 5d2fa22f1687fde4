import assert from "node:assert/strict";
import { it } from "node:test";
import { auditPlugin } from "@kysera/audit";
import { detectDialect } from "@kysera/core";
import { createExecutor, describeExecutor, explainQuery } from "@kysera/executor";
import {
  allow,
  defineRLSSchema,
  deny,
  explainPolicy,
  filter,
  RLSContextError,
  type RLSOptions,
  RLSPolicyViolation,
} from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, openWorld } from "./_world.ts";

const schema = defineRLSSchema<Database>({
  rls_posts: {
    policies: [
      filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" }),
      allow("update", (ctx) => ({ author_id: ctx.auth.userId }), { name: "own" }),
      deny("delete", true, { name: "keep" }),
    ],
  },
  rls_teams: { policies: [allow("read", (ctx) => ctx.auth.roles.includes("x"), { name: "xs" })] },
});

async function currentSchema(db: Kysely<any>): Promise<{ schema: string | undefined }> {
  if (detectDialect(db) !== "postgres") {
    const [first] = await db.introspection.getTables();
    return { schema: first?.schema };
  }
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db);
  return rows[0]!;
}

onEveryDialect("explainPolicy()", (dialect) => {
  it("tells which policies had a say in each reference, and the SQL before and after", async () => {
    const world = await openWorld(dialect, schema);
    try {
      const one = world.as({ tenantId: 7 });
      const query = one.selectFrom("rls_posts as p").leftJoin("rls_teams as t", "t.id", "p.id")
        .select("p.id");
      const { before, after, refused, references } = explainPolicy(one, query);
      assert.doesNotMatch(before, /tenant_id/);
      assert.match(after ?? "", /tenant_id/);
      assert.equal(refused, undefined);
      const posts = references.find(({ alias }) => alias === "p")!;
      assert.equal(posts.outcome, "filtered");
      assert.deepEqual(posts.policies, [{ name: "tenants", type: "filter", use: "using" }]);
      assert.deepEqual(posts.index?.columns, ["tenant_id"]);
      assert.match(posts.index!.sql, /^create index .+ on .rls_posts. \(.tenant_id.\)$/);
      assert.equal(references.find(({ alias }) => alias === "t")!.outcome, "refused");
      const update = explainPolicy(one, one.updateTable("rls_posts").set({ title: "x" }));
      assert.deepEqual(
        update.references[0]?.policies.filter(({ use }) => use === "using").map(({ name }) => name),
        ["tenants", "own"],
      );
      const rules = explainQuery(one, query).references.find(({ alias }) => alias === "p")!.rules;
      assert.deepEqual(rules[0]?.says, [`policy "tenants"`]);
    } finally {
      await world.close();
    }
  });

  it("is told in short by describeExecutor()", async () => {
    const world = await openWorld(dialect, schema);
    try {
      const { plugins } = await describeExecutor(world.executor);
      const told = JSON.stringify(plugins[0]!.tables);
      for (const name of ["tenants", "own", "keep"]) {
        assert.match(told, new RegExp(`policy .+${name}`));
      }
    } finally {
      await world.close();
    }
  });

  it("is told by describeExecutor() which tables have no policy, and nobody has let off", async () => {
    const warned = async (options: Partial<RLSOptions>): Promise<string[]> => {
      const world = await openWorld(dialect, schema, options);
      try {
        const executor = await createExecutor(world.executor, [auditPlugin({ createTable: true })]);
        const { warnings = [] } = await describeExecutor(executor);
        for (const { plugin, warning } of warnings) {
          assert.equal(plugin, "@kysera/rls");
          assert.match(warning, /no policy is about it: every caller .*skipTables/);
        }
        // Other tests may have tables in other schemas of the same database.
        const { schema } = await currentSchema(world.db);
        return warnings.map(({ table }) => table.split("."))
          .filter((parts) => parts.length === 1 || parts[0] === schema)
          .map((parts) => parts.at(-1)!).sort();
      } finally {
        await world.close();
      }
    };
    assert.deepEqual(await warned({}), ["rls_members", "rls_notes"]);
    assert.deepEqual(await warned({ skipTables: ["rls_notes"] }), ["rls_members"]);
    assert.deepEqual(await warned({ unlistedTables: "deny" }), []);
  });

  it("tells which policy refuses, and whom the policies are not for", async () => {
    const world = await openWorld(dialect, schema);
    try {
      const one = world.as({ tenantId: 7 });
      const { after, refused, refusedBy } = explainPolicy(one, one.deleteFrom("rls_posts"));
      assert.equal(after, undefined);
      assert.ok(refused instanceof RLSPolicyViolation);
      assert.deepEqual(refusedBy, ["keep"]);
      const system = world.as({ isSystem: true });
      const free = explainPolicy(system, system.selectFrom("rls_posts").select("id"));
      assert.equal(free.before, free.after);
      assert.ok(free.references.every(({ outcome }) => outcome === "bypassed"));
      const nobody = explainPolicy(
        world.executor,
        world.executor.selectFrom("rls_posts").select("id"),
      );
      assert.ok(nobody.refused instanceof RLSContextError);
      assert.deepEqual(nobody.references.map(({ outcome }) => outcome), ["refused"]);
    } finally {
      await world.close();
    }
  });
});
