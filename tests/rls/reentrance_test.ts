/** Policies that compile queries on their own executor, some of which are refused. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Params, prepareQuery } from "@kysera/dal";
import { bindContext, createExecutor, explainQuery } from "@kysera/executor";
import {
  allow,
  can,
  defineRLSSchema,
  explainPolicy,
  filter,
  rlsPlugin,
  RLSPolicyViolation,
  validate,
} from "@kysera/rls";
import type { Kysely } from "kysely";
import { matrix, onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { Meddler } from "../support/reentrant.ts";

const auth = { userId: 1, roles: [], tenantId: 1 };

async function open(dialect: TestDialect): Promise<{ db: Kysely<any>; close(): Promise<void> }> {
  const { db, close } = await dialect.open();
  try {
    for (const table of ["t", "u", "secret"]) {
      await db.schema.createTable(table).addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("tenant_id", "integer").addColumn("pay", "integer").execute();
      await db.insertInto(table).values([
        { id: 1, tenant_id: 1, pay: 10 },
        { id: 2, tenant_id: 2, pay: 20 },
      ]).execute();
    }
    return { db, close };
  } catch (error) {
    await close();
    throw error;
  }
}

onEveryDialect("a policy that compiles a query which is refused", (dialect) => {
  for (const probe of [false, true]) {
    it(`lets no row of another tenant be written${probe ? "" : ", nor one that compiles none"}`, async () => {
      const { db, close } = await open(dialect);
      try {
        const made: { one?: Kysely<any> } = {};
        const ex = await createExecutor(db, [rlsPlugin({
          schema: defineRLSSchema<any>({
            t: { policies: [allow("all", (c) => ({ tenant_id: c.auth.tenantId! }))] },
            u: {
              policies: [filter("read", (c) => {
                if (probe) {
                  try {
                    made.one?.insertInto("secret").values({ id: 1 }).compile();
                  } catch {
                    // It is refused.
                  }
                }
                return { tenant_id: c.auth.tenantId! };
              })],
            },
            secret: { policies: [] },
          }),
        })]);
        const one = made.one = bindContext(ex, { auth });
        const add = prepareQuery(
          one,
          (d, x: Params<{ id: number; tenant: number }>) =>
            d.with("w", (q) => q.selectFrom("u").select("id"))
              .insertInto("t").values({ id: x.id, tenant_id: x.tenant }) as any,
        );
        if (dialect.dialect !== "mysql") {
          // MySQL takes no WITH before INSERT.
          await add.execute({ id: 11, tenant: 1 });
        }
        await assert.rejects(add.execute({ id: 12, tenant: 2 }), RLSPolicyViolation);
        await assert.rejects(
          one.with("w", (q) => q.selectFrom("u").select("id"))
            .insertInto("t").values({ id: 13, tenant_id: 2 }).execute(),
          RLSPolicyViolation,
        );
        const rows = await db.selectFrom("t").select("id").where("tenant_id", "=", 2).execute();
        assert.deepEqual(rows.map(({ id }) => id), [2]);
      } finally {
        await close();
      }
    });
  }
});

const sqlite = matrix.find(({ name }) => name === "sqlite")!;

describe("policies that compile queries of every kind", { skip: sqlite.skip ?? false }, () => {
  const places = [
    "filter",
    "allow",
    "validate",
    "stamp",
    "column",
    "row",
    "provider",
    "onViolation",
  ] as const;
  for (const place of places) {
    it(`come to the same, where they are compiled in: ${place}`, async () => {
      const ran = async (meddle: boolean) => {
        const { db, close } = await open(sqlite);
        const meddler = new Meddler({ tables: ["t", "u"], queries: 5, context: { auth } });
        const at = <T>(here: typeof place, value: T): T => {
          if (meddle && here === place) meddler.meddle("filter");
          return value;
        };
        try {
          const executor = await createExecutor(db, [rlsPlugin({
            schema: defineRLSSchema<any>({
              t: {
                policies: [
                  filter("read", (c) => at("filter", { tenant_id: c.auth.tenantId! })),
                  allow("all", (c) => at("allow", { tenant_id: c.auth.tenantId! })),
                  validate(
                    "all",
                    (c, { eb, column }) =>
                      at("validate", eb(column("tenant_id"), "=", Number(c.auth.tenantId))),
                  ),
                ],
                stamp: { tenant_id: (c) => at("stamp", c.auth.tenantId!) },
                columns: { pay: { read: (c) => at("column", { id: c.auth.userId }) } },
              },
              u: {
                policies: [
                  allow("read", true),
                  allow(
                    ["create", "update", "delete"],
                    (c) => at("row", c.row.tenant_id === c.auth.tenantId),
                  ),
                ],
              },
            }),
            contextProvider: () => at("provider", { auth }),
            onViolation: () => at("onViolation", undefined),
          })]);
          meddler.use(executor);
          const results: unknown[] = [];
          const attempt = async (run: () => unknown) => {
            try {
              results.push(await run());
            } catch (error) {
              results.push({ name: (error as Error).name, message: (error as Error).message });
            }
          };
          for (const on of [executor, bindContext(executor, { auth })] as Kysely<any>[]) {
            const add = prepareQuery(
              on,
              (db, x: Params<{ id: number; tenant: number }>) =>
                db.insertInto("t").values({ id: x.id, tenant_id: x.tenant }) as any,
            );
            await attempt(() => on.selectFrom("t").selectAll().execute());
            await attempt(() => on.insertInto("t").values({ id: 5, pay: 1 }).execute());
            await attempt(() => on.insertInto("t").values({ id: 6, tenant_id: 2 }).execute());
            await attempt(() =>
              on.updateTable("t").set((eb) => ({ tenant_id: eb("tenant_id", "+", 1) })).execute()
            );
            await attempt(() => add.execute({ id: 7, tenant: 1 }));
            await attempt(() => add.execute({ id: 8, tenant: 2 }));
            await attempt(() => on.insertInto("u").values({ id: 9, tenant_id: 1 }).execute());
            await attempt(() => on.insertInto("u").values({ id: 10, tenant_id: 2 }).execute());
            await attempt(() => on.updateTable("u").set({ pay: 0 }).execute());
            await attempt(() => on.deleteFrom("u").execute());
            await attempt(() => explainQuery(on, on.selectFrom("t").selectAll()));
            await attempt(() => explainPolicy(on, on.deleteFrom("t").where("id", "=", 1)));
            await attempt(() => can(on, "create", "u", { id: 1, tenant_id: 2 }));
            await attempt(() => db.selectFrom("t").selectAll().orderBy("id").execute());
            await attempt(() => db.selectFrom("u").selectAll().orderBy("id").execute());
          }
          return [results, meddler.counts] as const;
        } finally {
          await close();
        }
      };
      const [expected] = await ran(false);
      const [got, { compiled, refused }] = await ran(true);
      assert.deepEqual(got, expected);
      assert.ok(compiled > 0 && refused > 0, `${compiled} compiled, ${refused} refused`);
    });
  }
});
