/**
 * `tenancy`: what carries the distribution column, and that results are those of the policies.
 */
import {
  bindContext,
  createExecutor,
  createExecutorSync,
  describeExecutor,
} from "@kysera/executor";
import {
  allow,
  can,
  defineRLSSchema,
  filter,
  mergeRLSSchemas,
  RLSContextValidationError,
  rlsPlugin,
  RLSPolicyViolation,
  RLSSchemaError,
} from "@kysera/rls";
import { toPostgres } from "@kysera/rls/native";
import fc from "fast-check";
import type { CompiledQuery, Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../executor/dummy.ts";
import type { Query } from "../oracle/ast.ts";
import { capabilitiesOf } from "../oracle/capabilities.ts";
import { compile } from "../oracle/execute.ts";
import { queries } from "../oracle/generate.ts";
import { runOracle, summary } from "../oracle/run.ts";
import { filteredNames } from "../oracle/schema.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed } from "../support/random.ts";
import { carriedIn } from "./distributed.ts";
import { ownRows } from "./oracle_data.ts";
import { tenantColumn } from "./oracle_shapes.ts";
import { Side } from "./oracle_side.ts";
import { steered, TENANT } from "./oracle_statement.ts";
import { distributedSubjects, handleOf } from "./oracle_subjects.ts";
import { type Subject, VisibleWorld } from "./oracle_visible.ts";

const { seed, path } = fuzzSeed();
const byTeam = { tables: filteredNames, column: "team_id", value: TENANT };
const tenancy = { distributionColumn: "tenant_id" };

/** The statements that are compiled for random queries; what is refused is left out. */
async function compiled(
  dialect: Parameters<Parameters<typeof onEveryDialect>[1]>[0],
  make: Subject["make"],
  runs: number,
): Promise<{ query: Query; sent: CompiledQuery }[]> {
  const side = await Side.open(dialect, {
    name: "compiled",
    make,
    hidden: () => new Set(),
  });
  try {
    return fc.sample(queries(capabilitiesOf(dialect)), { seed, numRuns: runs })
      .map(steered)
      .flatMap((query) => {
        try {
          return [{ query, sent: compile(side.target, query, false) }];
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          return [];
        }
      });
  } finally {
    await side.close();
  }
}

onEveryDialect("tenancy", (dialect) => {
  for (const subject of distributedSubjects) {
    it(`makes each statement carry the column: ${subject.name}`, async () => {
      const runs = fuzzRuns(600);
      const statements = await compiled(dialect, subject.make, runs);
      assert.ok(statements.length > runs / 3, `only ${statements.length} of ${runs} compiled`);
      let carried = 0;
      for (const { sent } of statements) {
        const found = carriedIn(sent.query, byTeam);
        assert.deepEqual(found.missing, [], sent.sql);
        carried += found.carried;
      }
      assert.ok(carried > runs / 2, `only ${carried} references`);
    });

    it(`leaves the results as they are: ${subject.name}`, { timeout: 600_000 }, async (t) => {
      const report = await runOracle({
        dialect,
        open: (on) => VisibleWorld.open(on, subject),
        file: "tests/rls/distribution_test.ts",
        runs: fuzzRuns({ sqlite: 120, pglite: 16, postgres: 30, mysql: 24 }[dialect.name]),
        seed,
        path,
        prepare: ownRows,
      });
      t.diagnostic(summary(report));
    });
  }

  it("is what carries it: without it statements are found that do not", async () => {
    const make = (db: Kysely<any>): Promise<Kysely<any>> =>
      handleOf(
        db,
        defineRLSSchema<any>(
          Object.fromEntries(
            filteredNames.map((name) => [name, { policies: [allow("all", true)] }]),
          ),
        ),
      );
    const statements = await compiled(dialect, make, 100);
    assert.ok(statements.some(({ sent }) => carriedIn(sent.query, byTeam).missing.length > 0));
  });

  it("adds no second condition where a policy asks for the same", async () => {
    const once = await compiled(dialect, (db) => handleOf(db, tenantColumn.policies), 60);
    const both = await compiled(dialect, distributedSubjects[1]!.make, 60);
    assert.equal(distributedSubjects[1]!.name, "a tenant column, distributed");
    // The schema of a test has a name of its own.
    const textOf = ({ sent }: { sent: CompiledQuery }) => sent.sql.replace(/kysera_\w+/g, "schema");
    assert.deepEqual(both.map(textOf), once.map(textOf));
  });
});

describe("tenancy", () => {
  const schema = defineRLSSchema<any>({
    posts: { policies: [allow("all", true)], skipFor: ["support"] },
    countries: { policies: [allow("read", true)], tenancy: false },
    orders: {
      policies: [allow(["read", "create"], true)],
      tenancy: { distributionColumn: "org", value: (ctx) => ctx.auth.organizationIds?.[0] },
    },
  }, { tenancy });
  const ask = (auth: object) =>
    bindContext(createExecutorSync(dummy("postgres"), [rlsPlugin({ schema, check: "off" })]), {
      auth: { userId: 1, roles: [], ...auth },
    });

  it("takes the value of the caller, by table", () => {
    const executor = ask({ tenantId: 7, organizationIds: [3] });
    const parametersOf = (table: string) =>
      executor.selectFrom(table).selectAll().compile().parameters;
    assert.deepEqual(parametersOf("posts"), [7]);
    assert.deepEqual(parametersOf("orders"), [3]);
    assert.deepEqual(parametersOf("countries"), []);
  });

  it("refuses a caller whose value is not known", () => {
    for (const tenantId of [undefined, null, ""]) {
      assert.throws(
        () => ask({ tenantId }).selectFrom("posts").selectAll().compile(),
        RLSContextValidationError,
      );
    }
  });

  it("grants nothing: what no policy allows stays denied", () => {
    const executor = ask({ tenantId: 7, organizationIds: [3] });
    assert.throws(() => executor.deleteFrom("orders").compile(), RLSPolicyViolation);
    assert.throws(() => executor.updateTable("orders").set({ a: 1 }).compile(), RLSPolicyViolation);
    assert.throws(() => executor.insertInto("countries").values({ a: 1 }).compile());
  });

  it("stamps new rows, and refuses those of another tenant", () => {
    const executor = ask({ tenantId: 7 });
    const { sql, parameters } = executor.insertInto("posts").values([{ a: 1 }, { a: 2 }]).compile();
    assert.match(sql, /\("a", "tenant_id"\)/);
    assert.deepEqual(parameters.filter((each) => each === 7).length >= 2, true);
    assert.throws(
      () => executor.insertInto("posts").values({ tenant_id: 8 }).compile(),
      RLSPolicyViolation,
    );
    assert.throws(
      () => executor.updateTable("posts").set({ tenant_id: 8 }).compile(),
      RLSPolicyViolation,
    );
  });

  it("keeps a stamp of the table itself", () => {
    const own = defineRLSSchema<any>({
      posts: { policies: [allow("all", true)], stamp: { tenant_id: 7 } },
    }, { tenancy });
    const executor = bindContext(
      createExecutorSync(dummy("postgres"), [rlsPlugin({ schema: own, check: "off" })]),
      { auth: { userId: 1, roles: [], tenantId: 8 } },
    );
    assert.throws(
      () => executor.insertInto("posts").values({ a: 1 }).compile(),
      RLSPolicyViolation,
    );
  });

  it("is asked of rows in memory, and written as policies of PostgreSQL", async () => {
    const executor = ask({ tenantId: 7 });
    assert.equal(await can(executor, "read", "posts", { tenant_id: 7 }), true);
    assert.equal(await can(executor, "read", "posts", { tenant_id: 8 }), false);
    const sql = toPostgres(defineRLSSchema<any>({ posts: { policies: [allow("read", true)] } }, {
      tenancy,
    }));
    const text = JSON.stringify(sql);
    assert.match(text, /as restrictive for select/);
    assert.match(text, /set default/);
    // Nothing allows a DELETE: there is no permissive policy of one.
    assert.doesNotMatch(text, /as permissive for delete/);
  });

  it("is merged, unless two schemas say different things of it", () => {
    const one = defineRLSSchema<any>({ posts: { policies: [allow("read", true)] } }, { tenancy });
    const two = defineRLSSchema<any>({
      posts: { policies: [filter("read", { hidden: false })] },
      notes: { policies: [] },
    }, { tenancy });
    const merged = mergeRLSSchemas<any>(one, two);
    assert.equal((merged["posts"]!.tenancy as typeof tenancy).distributionColumn, "tenant_id");
    assert.equal((merged["notes"]!.tenancy as typeof tenancy).distributionColumn, "tenant_id");
    const other = defineRLSSchema<any>({ posts: { policies: [], tenancy: false } });
    assert.throws(() => mergeRLSSchemas<any>(one, other), RLSSchemaError);
  });

  it("refuses what makes no sense", () => {
    const posts = { policies: [allow("all", true)] };
    for (
      const wrong of [
        {},
        { distributionColumn: "" },
        { distributionColumn: "posts.tenant_id" },
        { distributionColumn: "a", value: 7 },
        { distributionColumn: "a", value: async () => await Promise.resolve(1) },
        { distributionColumn: "a", column: "b" },
        false,
        "tenant_id",
      ]
    ) {
      assert.throws(
        () => defineRLSSchema<any>({ posts }, { tenancy: wrong as any }),
        RLSSchemaError,
      );
      if (wrong !== false) {
        assert.throws(
          () => defineRLSSchema<any>({ posts: { ...posts, tenancy: wrong as any } }),
          RLSSchemaError,
        );
      }
    }
    assert.throws(
      () => defineRLSSchema<any>({ posts }, { tenant: tenancy } as any),
      RLSSchemaError,
    );
  });
});

onEveryDialect("describeExecutor() of distributed tables", (dialect) => {
  it("tells which statements carry the column, and which go to all nodes", async () => {
    const { db, close } = await dialect.open();
    try {
      for (const name of ["dist_good", "dist_key", "dist_country", "dist_other", "dist_left"]) {
        await db.schema.createTable(name)
          .addColumn("id", "integer", (c) => c.notNull())
          .addColumn("tenant_id", "integer", (c) => c.notNull())
          .addPrimaryKeyConstraint(
            `${name}_key`,
            (name === "dist_key" ? ["id"] : [
              "tenant_id",
              "id",
            ]) as never[],
          )
          .execute();
      }
      const policies = [allow("all", true)];
      const schema = defineRLSSchema<any>({
        dist_good: { policies, skipFor: ["support"], tenancy },
        dist_key: { policies, tenancy },
        dist_country: { policies, tenancy: false },
        dist_left: { policies },
      });
      const executor = await createExecutor(db, [rlsPlugin({ schema, bypassRoles: ["admin"] })]);
      const { plugins, warnings = [] } = await describeExecutor(executor);
      const effectsOf = (table: string) =>
        plugins[0]!.tables.find((each) => each.table.endsWith(table))?.effects ?? [];
      const warningOf = (table: string) =>
        warnings.find((each) => each.table.endsWith(table))?.warning ?? "";
      assert.ok(effectsOf("dist_good").includes('every statement carries "tenant_id"'));
      assert.ok(
        effectsOf("dist_good").some((each) => /^statements of admin, support do not/.test(each)),
      );
      assert.equal(warningOf("dist_good"), "");
      assert.match(warningOf("dist_key"), /unique key \("id"\) does not hold "tenant_id"/);
      assert.match(effectsOf("dist_country").join(), /its tenancy is false/);
      assert.equal(warningOf("dist_country"), "");
      assert.match(warningOf("dist_other"), /no policy is about it.*go to all nodes/);
      assert.match(warningOf("dist_left"), /give the table "tenancy"/);
    } finally {
      await close();
    }
  });

  it("refuses a column that a table does not have, when the executor is made", async () => {
    const { db, close } = await dialect.open();
    try {
      await db.schema.createTable("dist_none").addColumn("id", "integer").execute();
      const schema = defineRLSSchema<any>({ dist_none: { policies: [allow("all", true)] } }, {
        tenancy,
      });
      await assert.rejects(
        createExecutor(db, [rlsPlugin({ schema })]),
        /schema\.dist_none\.tenancy.*tenant_id/,
      );
    } finally {
      await close();
    }
  });
});
