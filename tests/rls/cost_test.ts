import assert from "node:assert/strict";
import { it } from "node:test";
import { allow, defineRLSSchema, filter } from "@kysera/rls";
import { recording } from "../audit/_world.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, type Executor, openWorld } from "./_world.ts";

onEveryDialect("what policies cost", (dialect) => {
  /** The statements that run, told by their first words. */
  async function counting(
    schema: Parameters<typeof openWorld>[1],
    test: (handle: Executor, ran: () => string[]) => Promise<void>,
  ): Promise<void> {
    const ran: string[] = [];
    const world = await openWorld(dialect, schema, {}, {
      wrap: (inner) => recording(inner, ({ sql }) => ran.push(sql.split(" ")[0]!.toLowerCase())),
    });
    try {
      const words = () =>
        ran.splice(0).filter((word) => /^(select|insert|update|delete)$/.test(word));
      words();
      await test(world.as({ tenantId: 1, userId: 11 }), words);
    } finally {
      await world.close();
    }
  }

  it("is not a statement beside those that are run, whatever they are", () =>
    counting(
      defineRLSSchema<Database>({
        rls_posts: {
          policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))],
          stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
        },
      }),
      async (handle, ran) => {
        await handle.selectFrom("rls_posts as p").innerJoin("rls_posts as q", "q.id", "p.id")
          .select("p.id").execute();
        assert.deepEqual(ran(), ["select"]);
        await handle.insertInto("rls_posts").values([{ title: "x" }, { title: "y" }]).execute();
        assert.deepEqual(ran(), ["insert"]);
        await handle.updateTable("rls_posts").set({ status: "x" }).execute();
        assert.deepEqual(ran(), ["update"]);
        await handle.updateTable("rls_posts").set((eb) => ({ tenant_id: eb.ref("tenant_id") }))
          .execute();
        assert.deepEqual(ran(), ["update"]);
        await handle.deleteFrom("rls_posts").execute();
        assert.deepEqual(ran(), ["delete"]);
      },
    ));

  it("is two for functions of the row, however many rows there are", () =>
    counting(
      defineRLSSchema<Database>({
        rls_posts: {
          policies: [
            allow("read", true),
            allow(
              ["create", "update", "delete"],
              (ctx) => ctx.row.author_id === ctx.auth.userId,
            ),
          ],
        },
      }),
      async (handle, ran) => {
        await handle.insertInto("rls_posts").values([
          { title: "x", author_id: 11, tenant_id: 1, status: "draft" },
          { title: "y", author_id: 11, tenant_id: 1, status: "draft" },
        ]).execute();
        assert.deepEqual(ran(), ["insert"]);
        await handle.updateTable("rls_posts").set({ status: "x" }).execute();
        assert.deepEqual(ran(), ["select", "update", "select"]);
        await handle.deleteFrom("rls_posts").execute();
        assert.deepEqual(ran(), ["select", "delete"]);
      },
    ));
});
