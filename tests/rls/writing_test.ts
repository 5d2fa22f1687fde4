import assert from "node:assert/strict";
import { it } from "node:test";
import { QueryRefusedError } from "@kysera/executor";
import {
  allow,
  defineRLSSchema,
  deny,
  filter,
  RLSContextValidationError,
  type RLSOptions,
  RLSPolicyEvaluationError,
  RLSPolicyViolation,
  type TableRLSConfig,
  validate,
} from "@kysera/rls";
import { type Kysely, type Selectable, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { AT_START, type Database, openWorld, type PostsTable, type World } from "./_world.ts";

type Config = TableRLSConfig<Selectable<PostsTable>>;

const TENANTS: Config = {
  policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" })],
  stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
};

onEveryDialect("the policies about writing", (dialect) => {
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
  const isViolation = (policy: string | undefined) => (error: unknown): boolean => {
    assert.ok(error instanceof RLSPolicyViolation, String(error));
    assert.equal(error.table, "rls_posts");
    assert.equal(error.policyName, policy);
    return true;
  };

  it("keep UPDATE and DELETE to the rows of the caller", () =>
    inWorld(TENANTS, async ({ as, posts }) => {
      const one = as({ tenantId: 1 });
      await one.updateTable("rls_posts").set({ title: sql`concat(title, '!')` }).execute();
      assert.equal(await posts(), "1:1:a! 2:1:b! 3:1:c! 4:2:d 5:2:e 6:null:f");
      await one.deleteFrom("rls_posts").where("id", "in", [3, 4]).execute();
      assert.equal(await posts(), "1:1:a! 2:1:b! 4:2:d 5:2:e 6:null:f");
      await one.deleteFrom("rls_posts").where(sql<boolean>`id > 0 or id > 1`).execute();
      assert.equal(await posts(), "4:2:d 5:2:e 6:null:f");
    }));

  it("carry the message of the policy that refuses", () =>
    inWorld({
      policies: [
        allow(["read", "create", "update"], true),
        deny("delete", true, { name: "keep", message: "Posts are never deleted" }),
        validate("create", { status: "draft" }, { message: "A new post is a draft" }),
        validate("update", { status: ["draft", "published"] }),
      ],
    }, async ({ as, posts }) => {
      const says = (message: string | undefined) => (error: unknown): boolean => {
        assert.ok(error instanceof RLSPolicyViolation, String(error));
        assert.equal(error.policyMessage, message);
        return true;
      };
      const one = as({ tenantId: 1 });
      await assert.rejects(
        async () => await one.deleteFrom("rls_posts").execute(),
        says("Posts are never deleted"),
      );
      const insert = (status: any): Promise<unknown> =>
        one.insertInto("rls_posts").values({ author_id: 1, status }).execute();
      await assert.rejects(async () => await insert("odd"), says("A new post is a draft"));
      // Where the database is asked, it is the same one.
      if (dialect.dialect !== "mysql") {
        await assert.rejects(
          async () => await insert(sql`lower('ODD')`),
          says("A new post is a draft"),
        );
      }
      await assert.rejects(
        async () => await one.updateTable("rls_posts").set({ status: "odd" }).execute(),
        says(undefined),
      );
      assert.equal(await posts(), AT_START);
    }));

  it("stamp what is inserted, and refuse another value", () =>
    inWorld(TENANTS, async ({ as, posts, db }) => {
      const one = as({ tenantId: 1 });
      await one.insertInto("rls_posts").values({ title: "g" }).execute();
      await one.insertInto("rls_posts").values({ title: "h", tenant_id: 1 }).execute();
      await assert.rejects(
        one.insertInto("rls_posts").values({ title: "i", tenant_id: 2 }).execute(),
        isViolation("tenants"),
      );
      await assert.rejects(
        one.insertInto("rls_posts").values({ title: "i", tenant_id: null }).execute(),
        RLSPolicyViolation,
      );
      await assert.rejects(
        one.insertInto("rls_posts").values([
          { title: "i", tenant_id: 1 },
          { title: "j", tenant_id: 2 },
        ]).execute(),
        RLSPolicyViolation,
      );
      const rows = await db.selectFrom("rls_posts").select(["title", "tenant_id"])
        .where("title", ">", "f").orderBy("title").execute();
      assert.deepEqual(rows, [{ title: "g", tenant_id: 1 }, { title: "h", tenant_id: 1 }]);
      assert.ok((await posts()).startsWith(AT_START));
    }));

  it("check what a SELECT inserts, and an expression", () =>
    inWorld({ policies: [allow("read", true), ...TENANTS.policies] }, async ({ as, posts }) => {
      const one = as({ tenantId: 1 });
      await assert.rejects(
        one.insertInto("rls_posts").columns(["title", "tenant_id"])
          .expression((eb) => eb.selectFrom("rls_teams").select(["name", "tenant_id"])).execute(),
        RLSPolicyViolation,
      );
      assert.equal(await posts(), AT_START);
      await one.insertInto("rls_posts").columns(["title", "tenant_id"])
        .expression((eb) =>
          eb.selectFrom("rls_teams").select(["name", "tenant_id"]).where("tenant_id", "=", 1)
        ).execute();
      assert.match(await posts(), /:1:one$/);
      // MySQL cannot check what may be another thing the second time it is evaluated.
      await assert.rejects(
        one.insertInto("rls_posts").values({ title: "x", tenant_id: sql<number>`1 + 1` }).execute(),
        dialect.dialect === "mysql" ? QueryRefusedError : RLSPolicyViolation,
      );
      // What is left to the default is looked at as well: it is 99.
      await assert.rejects(
        one.insertInto("rls_posts").values({ title: "x" }).execute(),
        RLSPolicyViolation,
      );
      assert.match(await posts(), /:1:one$/);
    }));

  it("keep an UPDATE from moving a row out of the caller's scope", () =>
    inWorld({
      policies: [
        filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" }),
        allow("update", true),
      ],
    }, async ({ as, posts }) => {
      const one = as({ tenantId: 1 });
      await assert.rejects(
        one.updateTable("rls_posts").set({ tenant_id: 2 }).where("id", "=", 1).execute(),
        isViolation("tenants"),
      );
      await assert.rejects(
        one.updateTable("rls_posts").set((eb) => ({ tenant_id: eb("tenant_id", "+", 1) }))
          .execute(),
        isViolation("tenants"),
      );
      assert.equal(await posts(), AT_START);
      await one.updateTable("rls_posts").set({ tenant_id: 1, title: "A" }).where("id", "=", 1)
        .execute();
      assert.equal(await posts(), AT_START.replace("a", "A"));
    }));

  it("keep a row that may be updated from being given away", () =>
    inWorld({
      policies: [allow("read", true), allow("update", (ctx) => ({ author_id: ctx.auth.userId }))],
    }, async ({ as, posts, db }) => {
      const ada = as({ userId: 11 });
      await assert.rejects(
        ada.updateTable("rls_posts").set({ author_id: 12 }).where("id", "=", 1).execute(),
        isViolation("allow_update_2"),
      );
      await ada.updateTable("rls_posts").set({ status: "x" }).execute();
      const rows = await db.selectFrom("rls_posts").select("id").where("status", "=", "x")
        .orderBy("id").execute();
      assert.deepEqual(rows.map(({ id }) => id), [1, 3, 6]);
      assert.equal(await posts(), AT_START);
    }));

  it("ask of new rows what `check` says, where it says something else", () =>
    inWorld({
      policies: [
        allow("read", true),
        allow("update", true),
        deny("update", { status: "published" }, { check: false }),
        validate("update", { status: ["draft", "published"] }, { name: "known-status" }),
      ],
    }, async ({ as, db }) => {
      const ada = as({});
      await ada.updateTable("rls_posts").set({ status: "published" }).where("id", "=", 1).execute();
      const { numUpdatedRows } = await ada.updateTable("rls_posts").set({ status: "draft" })
        .where("id", "in", [1, 3]).executeTakeFirst();
      assert.equal(numUpdatedRows, 0n);
      await assert.rejects(
        ada.updateTable("rls_posts").set({ status: "odd" }).where("id", "=", 2).execute(),
        isViolation("known-status"),
      );
      const rows = await db.selectFrom("rls_posts").select("id").where("status", "=", "published")
        .orderBy("id").execute();
      assert.deepEqual(rows.map(({ id }) => id), [1, 3]);
    }));

  it("refuse by name what no row could pass", () =>
    inWorld(
      { policies: [allow("all", true), deny("delete", true, { name: "keep" })] },
      async ({ as, posts }) => {
        await assert.rejects(as({}).deleteFrom("rls_posts").execute(), isViolation("keep"));
        assert.equal(await posts(), AT_START);
      },
    ));

  it("refuse what no policy is about", () =>
    inWorld({ policies: [allow("read", true)] }, async ({ as, posts }) => {
      const ada = as({});
      await assert.rejects(ada.deleteFrom("rls_posts").execute(), isViolation(undefined));
      await assert.rejects(
        ada.updateTable("rls_posts").set({ title: null }).execute(),
        isViolation(undefined),
      );
      await assert.rejects(
        ada.insertInto("rls_posts").values({ title: "x" }).execute(),
        isViolation(undefined),
      );
      assert.equal(await posts(), AT_START);
    }));

  it("let `validate` allow nothing by itself", () =>
    inWorld({ policies: [validate("create", { tenant_id: 1 })] }, async ({ as }) => {
      await assert.rejects(
        as({}).insertInto("rls_posts").values({ tenant_id: 1 }).execute(),
        RLSPolicyViolation,
      );
    }));

  it("are not for the system, whose rows are stamped where it has a tenant", () =>
    inWorld(TENANTS, async ({ as, db }) => {
      const system = as({ isSystem: true });
      await system.insertInto("rls_posts").values({ title: "g", tenant_id: 7 }).execute();
      await system.insertInto("rls_posts").values({ title: "h" }).execute();
      await as({ isSystem: true, tenantId: 3 }).insertInto("rls_posts").values({ title: "i" })
        .execute();
      const rows = await db.selectFrom("rls_posts").select(["title", "tenant_id"])
        .where("title", ">", "f").orderBy("title").execute();
      assert.deepEqual(rows.map(({ title, tenant_id }) => `${title}${tenant_id}`), [
        "g7",
        "h99",
        "i3",
      ]);
    }));

  it("refuse an INSERT whose stamp is not known of the caller", () =>
    inWorld({ policies: [allow("all", true)], stamp: TENANTS.stamp! }, async ({ as, posts }) => {
      await assert.rejects(
        as({}).insertInto("rls_posts").values({ title: "x" }).execute(),
        RLSContextValidationError,
      );
      assert.equal(await posts(), AT_START);
    }));

  it("tell `onViolation` of a refusal once, without a value of the row", async () => {
    const told: RLSPolicyViolation[] = [];
    await inWorld(TENANTS, async ({ as }) => {
      await assert.rejects(
        as({ tenantId: 1 }).insertInto("rls_posts").values({ title: "secret", tenant_id: 2 })
          .execute(),
        RLSPolicyViolation,
      );
      assert.deepEqual(told.map(({ operation, policies }) => ({ operation, policies })), [
        { operation: "create", policies: ["tenants"] },
      ]);
      assert.doesNotMatch(told[0]!.message, /secret|2/);
    }, { onViolation: (error) => told.push(error) });
  });

  it("cannot be functions of the row about reading, while they can be about writing", () =>
    inWorld({
      policies: [
        allow("read", true),
        allow(["update", "delete"], (ctx) => ctx.row.author_id === ctx.auth.userId),
        allow("create", (ctx) => ctx.data.author_id === ctx.auth.userId),
        validate("update", (ctx) => ctx.data.title !== "bad", { name: "good-title" }),
      ],
    }, async ({ as, posts, db }) => {
      const ada = as({ userId: 11 });
      await ada.updateTable("rls_posts").set({ title: sql`concat(title, '!')` })
        .where("tenant_id", "=", 1).execute();
      assert.equal(await posts(), "1:1:a! 2:1:b 3:1:c! 4:2:d 5:2:e 6:null:f");
      await assert.rejects(
        ada.updateTable("rls_posts").set({ title: "bad" }).where("id", "=", 1).execute(),
        isViolation("good-title"),
      );
      await assert.rejects(
        ada.updateTable("rls_posts").set({ author_id: 12 }).where("id", "=", 1).execute(),
        isViolation("allow_update_delete_2"),
      );
      assert.equal(await posts(), "1:1:a! 2:1:b 3:1:c! 4:2:d 5:2:e 6:null:f");
      const { numDeletedRows } = await ada.deleteFrom("rls_posts").where("id", "<=", 2)
        .executeTakeFirstOrThrow();
      assert.equal(numDeletedRows, 1n);
      await ada.insertInto("rls_posts").values({ title: "mine", author_id: 11 }).execute();
      await assert.rejects(
        ada.insertInto("rls_posts").values([
          { title: "mine2", author_id: 11 },
          { title: "yours", author_id: 12 },
        ]).execute(),
        isViolation("allow_create_3"),
      );
      const { count } = await db.selectFrom("rls_posts")
        .select((eb) => eb.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
      assert.equal(Number(count), 6);
    }));

  it("ask functions of the row about the target of a joined UPDATE or DELETE alone", () =>
    inWorld({
      policies: [
        allow("read", true),
        allow(["update", "delete"], (ctx) => ctx.row.author_id === ctx.auth.userId),
      ],
    }, async ({ as, posts, db }) => {
      const ada = as({ userId: 11 });
      if (dialect.dialect === "mysql") {
        // Nobody can tell which of the tables it changes.
        const several = ada.updateTable(["rls_posts as p", "rls_teams as t"])
          .whereRef("t.tenant_id", "=", "p.tenant_id").set("p.status", "x");
        await assert.rejects(several.execute(), RLSPolicyEvaluationError);
        assert.equal(await posts(), AT_START);
      } else {
        await ada.updateTable("rls_posts as p").from("rls_teams as t")
          .whereRef("t.tenant_id", "=", "p.tenant_id").set({ status: "x" }).execute();
        const changed = await db.selectFrom("rls_posts").select("id").where("status", "=", "x")
          .orderBy("id").execute();
        assert.deepEqual(changed.map(({ id }) => id), [1, 3]);
      }
      if (dialect.dialect === "sqlite") return;
      const gone = dialect.dialect === "mysql"
        ? ada.deleteFrom("rls_posts").using("rls_posts")
          .innerJoin("rls_teams as t", "t.tenant_id", "rls_posts.tenant_id")
        : ada.deleteFrom("rls_posts").using("rls_teams as t")
          .whereRef("t.tenant_id", "=", "rls_posts.tenant_id");
      await gone.execute();
      assert.equal(await posts(), "2:1:b 4:2:d 5:2:e 6:null:f");
    }));

  it("keep REPLACE from deleting what may not be deleted", () =>
    inWorld({ policies: [allow(["read", "create", "update"], true)] }, async ({ as, posts }) => {
      if (dialect.dialect === "postgres") return;
      const replace = as({}).replaceInto("rls_posts").values({ id: 4, title: "x", tenant_id: 1 });
      await assert.rejects(replace.execute(), RLSPolicyViolation);
      assert.equal(await posts(), AT_START);
    }));

  it("leave the outer rows of a join to be deleted where the other target has none", () =>
    inWorld({
      policies: [
        allow("read", { tenant_id: 1 }),
        allow("delete", { tenant_id: 1, author_id: 11 }),
      ],
    }, async ({ as, posts }) => {
      if (dialect.dialect !== "mysql") return;
      const ada: Kysely<any> = as({ userId: 11 });
      await ada.deleteFrom(["p", "rls_posts"]).using("rls_posts as p")
        .leftJoin("rls_posts", (join) =>
          join.onRef("rls_posts.id", "=", "p.id").on("rls_posts.id", "<", 0))
        .where("p.id", "=", 1).execute();
      assert.doesNotMatch(await posts(), /^1:/);
    }));

  it("may be async functions about writing", () =>
    inWorld({
      policies: [
        allow("read", true),
        allow(
          "delete",
          async (ctx) => await Promise.resolve(ctx.row.author_id === ctx.auth.userId),
        ),
        allow("create", async (ctx) => await Promise.resolve(ctx.data.title === "ok")),
      ],
    }, async ({ as, posts }) => {
      const ada = as({ userId: 12 });
      await ada.deleteFrom("rls_posts").execute();
      assert.equal(await posts(), "1:1:a 3:1:c 4:2:d 5:2:e 6:null:f");
      await ada.insertInto("rls_posts").values({ title: "ok", tenant_id: 1 }).execute();
      await assert.rejects(
        ada.insertInto("rls_posts").values({ title: "no" }).execute(),
        RLSPolicyViolation,
      );
      assert.match(await posts(), /6:null:f \d+:1:ok$/);
    }));

  it("take a row back that a function of the row refuses, where its values are not known before", () =>
    inWorld({
      policies: [
        allow("read", true),
        allow("create", (ctx) => ctx.data.status === "draft" && ctx.data.tenant_id === 99),
      ],
    }, async ({ as, posts }) => {
      const ada = as({});
      if (dialect.dialect === "mysql") {
        await assert.rejects(
          ada.insertInto("rls_posts").values({ title: "x" }).execute(),
          RLSPolicyEvaluationError,
        );
        assert.equal(await posts(), AT_START);
        return;
      }
      await ada.insertInto("rls_posts").values({ title: "x" }).execute();
      const row = await ada.insertInto("rls_posts").values({ title: "y", author_id: 5 })
        .returning(["title", "author_id"]).executeTakeFirstOrThrow();
      assert.deepEqual(row, { title: "y", author_id: 5 });
      const before = await posts();
      await assert.rejects(
        ada.insertInto("rls_posts").values({ title: "z", status: sql<string>`'odd'` }).execute(),
        RLSPolicyViolation,
      );
      assert.equal(await posts(), before);
    }));

  it("refuse functions of the row where they cannot be asked", () =>
    inWorld({
      policies: [
        allow("read", true),
        allow(["create", "update"], (ctx) => ctx.row.author_id === ctx.auth.userId),
      ],
    }, async ({ as, posts }) => {
      const ada = as({ userId: 11 });
      if (dialect.dialect !== "mysql") {
        await assert.rejects(
          ada.insertInto("rls_posts").values({ id: 1, author_id: 11, title: "x" })
            .onConflict((oc) => oc.column("id").doUpdateSet({ title: "y" })).execute(),
          RLSPolicyEvaluationError,
        );
      }
      if (dialect.dialect === "postgres") {
        await assert.rejects(
          ada.with("changed", (db) =>
            db.updateTable("rls_posts").set({ title: null }).returning("id"))
            .selectFrom("changed").selectAll().execute(),
          (error) =>
            error instanceof RLSPolicyEvaluationError && error.table === "rls_posts",
        );
      }
      assert.equal(await posts(), AT_START);
    }));
});

onEveryDialect("a MERGE under policies", (dialect) => {
  const skip = dialect.lacks("MERGE") ?? false;
  it("is kept to the policies about what it does", { skip }, async () => {
    const schema = defineRLSSchema<Database>({
      rls_posts: {
        policies: [
          allow("read", true),
          allow("update", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
          allow("create", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
        ],
      },
    });
    const world = await openWorld(dialect, schema);
    try {
      const merge = (tenantId: number) =>
        world.as({ tenantId }).mergeInto("rls_posts as p")
          .using("rls_teams as t", "t.id", "p.id");
      const changed = async () => {
        const rows = await world.db.selectFrom("rls_posts").select("id").where("status", "=", "x")
          .orderBy("id").execute();
        return rows.map(({ id }) => id);
      };
      // There is no policy about DELETE, and none is asked for.
      await merge(2).whenMatched().thenUpdateSet({ status: "x" }).execute();
      assert.deepEqual(await changed(), []);
      await merge(1).whenMatched().thenUpdateSet({ status: "x" }).execute();
      assert.deepEqual(await changed(), [1, 2]);
      await assert.rejects(merge(1).whenMatched().thenDelete().execute(), RLSPolicyViolation);
      assert.equal(await world.posts(), AT_START);
    } finally {
      await world.close();
    }
  });
}, ["postgres", "pglite"]);
