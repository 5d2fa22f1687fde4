import { type CursorOrderBy, paginateCursor } from "@kysera/core";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { allow, defineRLSSchema, rlsPlugin } from "@kysera/rls";
import { CamelCasePlugin, type Kysely, type KyselyPlugin, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

interface Things {
  id: number;
  big: string | number | bigint | null;
  part: number | null;
  word: string | null;
  tenant: number;
}

interface Database {
  things: Things;
}

type Row = Record<string, unknown>;
type Order = readonly (CursorOrderBy<any, any, any> & { column: string })[];

const ORDERS: readonly Order[] = [
  [{ column: "id" }],
  [{ column: "id", direction: "desc" }],
  [{ column: "big" }, { column: "id" }],
  [{ column: "big", direction: "desc" }, { column: "id" }],
  [{ column: "part", direction: "desc", nulls: "last" }, { column: "id", direction: "desc" }],
  [{ column: "word", nulls: "first" }, { column: "big" }, { column: "id", direction: "desc" }],
];

async function inThings(
  dialect: TestDialect,
  body: (db: Kysely<Database>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
  try {
    await db.schema.createTable("things")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("big", "bigint")
      .addColumn("part", "double precision")
      .addColumn("word", "varchar(20)")
      .addColumn("tenant", "integer", (column) => column.notNull())
      .execute();
    const bigs = [null, 1n, 9007199254740993n, 9007199254740992n, -9007199254740993n, 7n];
    const parts = [null, 0.1, 1, 1e300, -0.25];
    const words = [null, "", "a", "B", "ä", "a b"];
    for (let id = 1; id <= 17; id++) {
      await db.insertInto("things").values({
        id,
        big: bigs[id % bigs.length]!,
        part: parts[id % parts.length]!,
        word: words[id * 7 % words.length]!,
        tenant: id % 2,
      }).execute();
    }
    await body(db);
  } finally {
    await close();
  }
}

/** The ids of all pages, forwards and then backwards, each read by one of the functions in turn. */
async function walk(
  readers: readonly ((cursor: string | undefined) => Promise<{
    readonly data: readonly Row[];
    readonly pagination: { readonly nextCursor?: string; readonly prevCursor?: string };
  }>)[],
): Promise<number[]> {
  const ids: number[] = [];
  let turn = 0;
  let cursor: string | undefined;
  let back: string | undefined;
  for (;;) {
    const page = await readers[turn++ % readers.length]!(cursor);
    ids.push(...page.data.map(({ id }) => Number(id)));
    assert.ok(turn < 100, "the walk does not end");
    cursor = page.pagination.nextCursor;
    back = page.pagination.prevCursor;
    if (cursor === undefined) break;
  }
  const last = ids.length - (ids.length - 1) % 3 - 1;
  const before: number[] = [];
  while (back !== undefined) {
    const page = await readers[turn++ % readers.length]!(back);
    before.unshift(...page.data.map(({ id }) => Number(id)));
    assert.ok(turn < 200, "the walk does not end");
    back = page.pagination.prevCursor;
  }
  assert.deepEqual(before, ids.slice(0, last));
  return ids;
}

onEveryDialect("pages by cursor of a repository", (dialect) => {
  it("are the full order, forwards and backwards, and those of paginateCursor", () =>
    inThings(dialect, async (db) => {
      const executor = await createExecutor(db, []);
      for (const on of [db, executor]) {
        const things = createRepository(on, { tableName: "things" });
        for (const orderBy of ORDERS) {
          const key = orderBy.map((item) =>
            item.column === "id" ? { ...item, nullable: false } : item
          );
          const kept = (cursor: string | undefined) =>
            things.paginateCursor({ orderBy: orderBy as [], limit: 3, cursor });
          const anew = (cursor: string | undefined) =>
            paginateCursor(on.selectFrom("things").selectAll(), {
              orderBy: key as CursorOrderBy<any, any, any>[],
              uniqueBy: [],
              limit: 3,
              cursor,
            });
          const expected = await walk([anew]);
          assert.equal(new Set(expected).size, 17);
          assert.deepEqual(await walk([kept]), expected, JSON.stringify(orderBy));
          assert.deepEqual(await walk([kept, anew]), expected, JSON.stringify(orderBy));
        }
      }
    }));

  it("go on by the values that a condition has, and refuse cursors of others", () =>
    inThings(dialect, async (db) => {
      const things = createRepository(await createExecutor(db, []), { tableName: "things" });
      for (const tenant of [0, 1]) {
        const page = await things.paginateCursor({ where: { tenant }, limit: 2 });
        assert.deepEqual(page.data.map(({ id }) => id), tenant === 0 ? [2, 4] : [1, 3]);
        const cursor = page.pagination.nextCursor;
        const next = await things.paginateCursor({ where: { tenant }, limit: 2, cursor });
        assert.deepEqual(next.data.map(({ id }) => id), tenant === 0 ? [6, 8] : [5, 7]);
        for (const where of [{ tenant: 1 - tenant }, { tenant, id: { gt: 0 } }, undefined]) {
          await assert.rejects(things.paginateCursor({ where, limit: 2, cursor }), /another query/);
        }
        await assert.rejects(
          things.paginateCursor({ where: { tenant }, orderBy: "big", cursor }),
          /another query/,
        );
      }
    }));

  it("are each caller's own", () =>
    inThings(dialect, async (db) => {
      const byTenant: Plugin = {
        name: "by-tenant",
        version: "1.0.0",
        stable: true,
        appliesTo: ({ name }) => name === "things",
        filter: (reference, { eb, value }) =>
          eb(reference.column("tenant"), "=", value((context) => context?.["tenant"] as number)),
      };
      const executor = await createExecutor(db, [byTenant]);
      const things = createRepository(executor, { tableName: "things" });
      const of = (tenant: number) => things.on(bindContext(executor, { tenant }));
      const cursors: string[] = [];
      for (const tenant of [0, 1, 0, 1]) {
        const { data, pagination } = await of(tenant).paginateCursor({ limit: 3 });
        assert.deepEqual(data.map((row) => row.tenant), [tenant, tenant, tenant]);
        cursors[tenant] = pagination.nextCursor!;
        const next = await of(tenant).paginateCursor({ limit: 3, cursor: cursors[tenant] });
        assert.deepEqual(next.data.map((row) => row.tenant), [tenant, tenant, tenant]);
      }
      await assert.rejects(of(0).paginateCursor({ cursor: cursors[1] }), /another query/);
    }));

  it("are ordered by what a mask shows, for the callers that it holds for", () =>
    inThings(dialect, async (db) => {
      const schema = defineRLSSchema<Database>({
        things: {
          policies: [allow("all", true)],
          columns: { part: { read: (ctx) => ({ tenant: ctx.auth.tenantId }) } },
        },
      });
      const executor = await createExecutor(db, [rlsPlugin({ schema })]);
      const things = createRepository(executor, { tableName: "things" });
      const as = (auth: object) =>
        things.on(bindContext(executor, { auth: { userId: 1, roles: [], ...auth } }));
      const orderBy = [{ column: "part" }, { column: "id" }] as const;
      for (const auth of [{ tenantId: 0 }, { isSystem: true }, { tenantId: 1 }]) {
        const rows = await as(auth).find({ orderBy });
        assert.equal(rows.length, 17);
        assert.deepEqual(
          await walk([(cursor) => as(auth).paginateCursor({ orderBy, limit: 3, cursor })]),
          rows.map(({ id }) => id),
        );
      }
    }));

  it("are compiled once for each kind of place", () =>
    inThings(dialect, async (db) => {
      const executor = await createExecutor(db, []);
      const things = createRepository(executor, { tableName: "things" });
      const page = (cursor?: string) =>
        things.paginateCursor({ where: { id: { gt: 0 } }, orderBy: "id", limit: 3, cursor });
      const warm = await page((await page()).pagination.nextCursor);
      await page(warm.pagination.prevCursor);
      let built = 0;
      const selectFrom = executor.selectFrom;
      Object.assign(executor, {
        selectFrom(...args: unknown[]) {
          built++;
          return Reflect.apply(selectFrom, executor, args);
        },
      });
      let cursor = warm.pagination.nextCursor;
      const ids: number[] = [];
      while (cursor !== undefined) {
        const { data, pagination } = await page(cursor);
        ids.push(...data.map(({ id }) => id));
        cursor = pagination.nextCursor;
      }
      assert.deepEqual(ids, [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
      assert.equal(built, 0);
    }));

  it("are right where a plugin of Kysely changes names or values", () =>
    inThings(dialect, async (db) => {
      const negative: KyselyPlugin = {
        transformQuery: ({ node }) => node,
        transformResult: ({ result }) =>
          Promise.resolve({
            ...result,
            rows: result.rows.map((row) =>
              typeof row["part"] === "number" ? { ...row, part: -row["part"] } : row
            ),
          }),
      };
      await sql`alter table things rename column tenant to tenant_id`.execute(db);
      const orderBy = [{ column: "part" }, { column: "id" }] as const;
      const expected = await walk([
        (cursor) =>
          createRepository(db, { tableName: "things" }).paginateCursor({
            orderBy,
            limit: 3,
            cursor,
          }),
      ]);
      const changed = createRepository(db.withPlugin(negative), { tableName: "things" });
      assert.deepEqual(
        await walk([(cursor) => changed.paginateCursor({ orderBy, limit: 3, cursor })]),
        expected,
      );
      const camel = createRepository(
        await createExecutor(db.withPlugin(new CamelCasePlugin()) as Kysely<any>, []),
        { tableName: "things" },
      );
      const byTenant = [{ column: "tenantId" }, { column: "id" }] as const;
      const rows = await camel.find({ orderBy: byTenant as never });
      assert.deepEqual(
        await walk([
          (cursor) => camel.paginateCursor({ orderBy: byTenant as never, limit: 3, cursor }),
        ]),
        rows.map(({ id }) => id),
      );
    }));
});
