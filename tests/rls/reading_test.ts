import assert from "node:assert/strict";
import { it } from "node:test";
import { bindContext, ForeignQueryError } from "@kysera/executor";
import {
  allow,
  createRLSContext,
  defineRLSSchema,
  deny,
  filter,
  RLSContextError,
  RLSContextValidationError,
  type RLSDecision,
  type RLSOptions,
  RLSPolicyEvaluationError,
  RLSPolicyViolation,
  type TableRLSConfig,
} from "@kysera/rls";
import { type Params, prepareQuery } from "@kysera/dal";
import type { Selectable } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, openWorld, type PostsTable, type World } from "./_world.ts";

type Config = TableRLSConfig<Selectable<PostsTable>>;

onEveryDialect("the policies about reading", (dialect) => {
  /** Runs a test in a world of its own. */
  async function inWorld(
    rls_posts: Config,
    test: (world: World) => Promise<void>,
    options: Partial<RLSOptions> = {},
  ): Promise<void> {
    const world = await openWorld(dialect, defineRLSSchema<Database>({ rls_posts }), options);
    try {
      await test(world);
    } finally {
      await world.close();
    }
  }
  const idsOf = async (handle: World["executor"]): Promise<string> => {
    const rows = await handle.selectFrom("rls_posts as p").select("p.id").orderBy("p.id").execute();
    return rows.map(({ id }) => id).join(" ");
  };

  it("filter by columns and values of the caller", () =>
    inWorld(
      { policies: [filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
      async ({ as }) => {
        assert.equal(await idsOf(as({ tenantId: 1 })), "1 2 3");
        assert.equal(await idsOf(as({ tenantId: 2 })), "4 5");
        assert.equal(await idsOf(as({ tenantId: 3 })), "");
      },
    ));

  it("take a list for one of its items, and an empty one for no row", () =>
    inWorld(
      { policies: [filter("read", (ctx) => ({ tenant_id: ctx.auth.organizationIds }))] },
      async ({ as }) => {
        assert.equal(await idsOf(as({ organizationIds: [2, 1] })), "1 2 3 4 5");
        assert.equal(await idsOf(as({ organizationIds: [] })), "");
      },
    ));

  it("take null of the schema for IS NULL", () =>
    inWorld(
      { policies: [filter("read", { tenant_id: null, status: "draft" })] },
      async ({ as }) => {
        assert.equal(await idsOf(as({})), "6");
      },
    ));

  it("refuse a value that is not known of the caller", () =>
    inWorld(
      { policies: [filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
      async ({ as, executor }) => {
        await assert.rejects(idsOf(as({})), RLSContextValidationError);
        for (const tenantId of [null, Number.NaN, "", undefined]) {
          const handle = bindContext(executor, {
            auth: { userId: 11, roles: [], tenantId, attributes: { tenantId } },
          });
          await assert.rejects(idsOf(handle), RLSContextValidationError);
        }
      },
    ));

  it("refuse an identity that may be another one later", () =>
    inWorld({ policies: [allow("all", true)] }, async ({ executor }) => {
      class Auth {
        userId = 1;
        roles: string[] = [];
      }
      await assert.rejects(
        idsOf(bindContext(executor, { auth: new Auth() })),
        RLSContextValidationError,
      );
      await assert.rejects(
        idsOf(bindContext(executor, { auth: null })),
        RLSContextValidationError,
      );
    }));

  it("refuse what a function makes of a value that is not known", () =>
    inWorld(
      {
        policies: [
          filter("read", (ctx) => ({ tenant_id: [ctx.auth.attributes?.["none"] as number] })),
        ],
      },
      async ({ as }) => {
        await assert.rejects(idsOf(as({})), RLSContextValidationError);
        await assert.rejects(
          idsOf(as({ attributes: { none: Number("x") } })),
          RLSContextValidationError,
        );
      },
    ));

  it("refuse every query where no security context is bound", () =>
    inWorld({ policies: [allow("all", true)] }, async ({ executor, db }) => {
      await assert.rejects(idsOf(executor), RLSContextError);
      await assert.rejects(executor.deleteFrom("rls_posts").execute(), RLSContextError);
      await assert.rejects(idsOf(bindContext(executor, { user: 1 })), RLSContextError);
      const { count } = await db.selectFrom("rls_posts")
        .select((eb) => eb.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
      assert.equal(Number(count), 6);
    }));

  it("show nothing without a context where none is required, and refuse to write", () =>
    inWorld({ policies: [allow("all", true)] }, async ({ executor, as }) => {
      assert.equal(await idsOf(executor), "");
      await assert.rejects(executor.deleteFrom("rls_posts").execute(), RLSPolicyViolation);
      assert.equal(await idsOf(as({})), "1 2 3 4 5 6");
    }, { requireContext: false }));

  it("allow where one of them allows, and a filter does not hide", () =>
    inWorld(
      {
        policies: [
          allow("read", (ctx) => ({ author_id: ctx.auth.userId })),
          allow("read", { status: "published" }),
          allow("read", (ctx) => ctx.auth.roles.includes("editor")),
          filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
        ],
      },
      async ({ as }) => {
        assert.equal(await idsOf(as({ tenantId: 1, userId: 12 })), "2 3");
        assert.equal(await idsOf(as({ tenantId: 2, userId: 12 })), "");
        assert.equal(await idsOf(as({ tenantId: 2, userId: 12, roles: ["editor"] })), "4 5");
      },
    ));

  it("deny whatever else allows, and where it is not known", () =>
    inWorld(
      { policies: [allow("all", true), deny("read", { tenant_id: 2 })] },
      async ({ as }) => {
        assert.equal(await idsOf(as({})), "1 2 3");
      },
    ));

  it("deny by default what no policy is about, unless the table says otherwise", async () => {
    await inWorld({ policies: [allow("update", true)] }, async ({ as }) => {
      assert.equal(await idsOf(as({})), "");
    });
    await inWorld(
      { policies: [deny("read", { id: [1, 2, 3] })], defaultDeny: false },
      async ({ as }) => {
        assert.equal(await idsOf(as({})), "4 5 6");
      },
    );
    await inWorld({ policies: [] }, async ({ as }) => {
      assert.equal(await idsOf(as({})), "");
    });
  });

  it("hide all rows where a denial has no condition, and keep the rows of a left join", () =>
    inWorld({ policies: [allow("all", true), deny("read")] }, async ({ as }) => {
      const handle = as({});
      assert.equal(await idsOf(handle), "");
      const rows = await handle.selectFrom("rls_teams as t")
        .leftJoin("rls_posts as p", "p.tenant_id", "t.tenant_id")
        .select(["t.id", "p.title"]).orderBy("t.id").execute();
      assert.deepEqual(rows, [{ id: 1, title: null }, { id: 2, title: null }]);
    }));

  it("look things up by subqueries, under whichever alias the table has", () =>
    inWorld(
      {
        policies: [
          allow("read", (ctx, { eb, column }) =>
            eb(
              column("tenant_id"),
              "in",
              eb.selectFrom("rls_members as m").innerJoin("rls_teams as t", "t.id", "m.team_id")
                .where("m.user_id", "=", ctx.auth.userId).select("t.tenant_id"),
            )),
        ],
      },
      async ({ as, executor }) => {
        assert.equal(await idsOf(as({ userId: 11 })), "1 2 3");
        assert.equal(await idsOf(as({ userId: 21 })), "4 5");
        const nobody = bindContext(executor, { auth: { userId: 7, roles: [] } });
        assert.equal(await idsOf(nobody), "");
      },
    ));

  it("refuse an expression with a value that is not known of the caller", () =>
    inWorld(
      {
        policies: [
          allow("read", (ctx, { eb, column }) =>
            eb(column("tenant_id"), "=", ctx.auth.tenantId as number)),
        ],
      },
      async ({ as }) => {
        await assert.rejects(idsOf(as({})), RLSContextValidationError);
      },
    ));

  it("cannot be functions of the row, and say how else to write them", () =>
    inWorld(
      { policies: [allow("read", (ctx) => ctx.row.author_id === ctx.auth.userId)] },
      async ({ as }) => {
        await assert.rejects(
          idsOf(as({})),
          (error) =>
            error instanceof RLSPolicyEvaluationError && error.policyName === "allow_read_1" &&
            /\(ctx\) => \(\{ owner_id: ctx\.auth\.userId \}\)/.test(error.message),
        );
      },
    ));

  it("may be functions that look at the row only where the caller does not decide it", () =>
    inWorld(
      {
        policies: [
          allow(
            "read",
            (ctx) => ctx.auth.roles.includes("admin") || ctx.row.author_id === ctx.auth.userId,
          ),
        ],
      },
      async ({ as }) => {
        assert.equal(await idsOf(as({ roles: ["admin"] })), "1 2 3 4 5 6");
        await assert.rejects(idsOf(as({})), RLSPolicyEvaluationError);
      },
    ));

  it("are told by name where a function throws, without what it said of the row", () =>
    inWorld(
      {
        policies: [
          allow("read", () => {
            throw new Error("secret");
          }, { name: "broken" }),
        ],
      },
      async ({ as }) => {
        await assert.rejects(
          idsOf(as({})),
          (error) =>
            error instanceof RLSPolicyEvaluationError && error.policyName === "broken" &&
            !error.message.includes("secret") && (error.cause as Error).message === "secret",
        );
      },
    ));

  it("are not for the system, for a role that is exempt, nor for a table that is skipped", async () => {
    const config: Config = { policies: [filter("read", { tenant_id: 1 })], skipFor: ["auditor"] };
    await inWorld(config, async ({ as }) => {
      assert.equal(await idsOf(as({})), "1 2 3");
      assert.equal(await idsOf(as({ isSystem: true })), "1 2 3 4 5 6");
      assert.equal(await idsOf(as({ roles: ["auditor"] })), "1 2 3 4 5 6");
      assert.equal(await idsOf(as({ roles: ["root"] })), "1 2 3 4 5 6");
    }, { bypassRoles: ["root"] });
    await inWorld(config, async ({ executor }) => {
      assert.equal(await idsOf(executor), "1 2 3 4 5 6");
    }, { skipTables: ["rls_posts"] });
  });

  it("refuse a compiled query of one caller to another", () =>
    inWorld(
      { policies: [filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
      async ({ as }) => {
        const compiled = as({ tenantId: 1 }).selectFrom("rls_posts").selectAll().compile();
        await assert.rejects(as({ tenantId: 2 }).executeQuery(compiled), ForeignQueryError);
      },
    ));

  it("ask the provider for each query, and refuse one that another caller built", async () => {
    let current: unknown = null;
    await inWorld(
      { policies: [filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
      async ({ executor, as }) => {
        await assert.rejects(idsOf(executor), RLSContextError);
        current = { auth: { userId: 1, roles: [], tenantId: 1 } };
        assert.equal(await idsOf(executor), "1 2 3");
        const compiled = executor.selectFrom("rls_posts").select("id").orderBy("id").compile();
        // The caller alone will do.
        current = { userId: 1, roles: [], tenantId: 2 };
        assert.equal(await idsOf(executor), "4 5");
        await assert.rejects(executor.executeQuery(compiled), ForeignQueryError);
        // What is bound comes first.
        assert.equal(await idsOf(as({ tenantId: 1 })), "1 2 3");
        current = createRLSContext({ auth: { userId: 1, roles: [], tenantId: 1 } });
        assert.equal(await idsOf(executor), "1 2 3");
        current = Promise.resolve(null);
        await assert.rejects(idsOf(executor), /promise/);
      },
      { contextProvider: () => current as null },
    );
  });

  it("keep one plan for all callers, whatever their policies come to", () =>
    inWorld(
      {
        policies: [
          allow("read", (ctx) => ctx.auth.roles.includes("editor")),
          allow("read", (ctx) => ({ author_id: ctx.auth.userId, tenant_id: ctx.auth.tenantId })),
          allow("read", (ctx, { eb, column }) =>
            eb.exists(
              eb.selectFrom("rls_teams as t").select("t.id")
                .where("t.id", "=", Number(ctx.auth.attributes?.["team"] ?? 0))
                .whereRef("t.tenant_id", "=", column("tenant_id")),
            )),
        ],
      },
      async ({ as, executor }) => {
        let built = 0;
        const byStatus = prepareQuery(executor, (db, { status }: Params<{ status: string }>) => {
          built++;
          return db.selectFrom("rls_posts as p").select("p.id").where("p.status", "=", status)
            .orderBy("p.id");
        });
        const ids = async (auth: Parameters<World["as"]>[0]): Promise<string> =>
          (await byStatus.on(as(auth)).execute({ status: "draft" })).map(({ id }) => id).join(" ");
        assert.equal(await ids({ tenantId: 1, userId: 11 }), "1");
        const once = built;
        assert.equal(await ids({ tenantId: 1, userId: 12 }), "2");
        assert.equal(await ids({ tenantId: 2, userId: 21 }), "4");
        assert.equal(await ids({ tenantId: 2, userId: 1, attributes: { team: 1 } }), "1 2");
        assert.equal(built, once);
        assert.equal(await ids({ tenantId: 2, roles: ["editor"] }), "1 2 4 5 6");
        assert.equal(await ids({ tenantId: 2, userId: 22 }), "5");
      },
    ));

  it("tell the logger what they decided, when asked to", async () => {
    const decisions: RLSDecision[] = [];
    const logger = {
      info: (_: string, decision: unknown) => void decisions.push(decision as RLSDecision),
      error: () => {},
    };
    await inWorld(
      { policies: [filter("read", { tenant_id: 1 }, { name: "tenants" })] },
      async ({ as }) => {
        await idsOf(as({ userId: 5 }));
        await idsOf(as({ isSystem: true }));
        assert.deepEqual(
          decisions.map(({ outcome, policies, userId }) => ({ outcome, policies, userId })),
          [
            { outcome: "filtered", policies: ["tenants"], userId: 5 },
            { outcome: "bypassed", policies: [], userId: 11 },
          ],
        );
      },
      { auditDecisions: true, logger },
    );
  });
});
