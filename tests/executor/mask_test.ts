import { createExecutorSync, ExecutorError, QueryRefusedError } from "@kysera/executor";
import type { ColumnMask, Plugin } from "@kysera/executor";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect, type TestOpenOptions } from "../support/matrix.ts";

const COLUMNS = ["id", "boss_id", "pay_code", "note"];

const masking = (mask: Partial<ColumnMask> = {}): Plugin => ({
  name: "mask",
  version: "1.0.0",
  stable: true,
  appliesTo: ({ name }) => name === "staff",
  mask: () => ({ columns: COLUMNS, hidden: { pay_code: null }, ...mask }),
});

const ROWS = [
  { id: 1, boss_id: null, pay_code: 900, note: "a" },
  { id: 2, boss_id: 1, pay_code: 300, note: "b" },
  { id: 3, boss_id: 1, pay_code: 700, note: "c" },
];

async function inWorld(
  dialect: TestDialect,
  body: (executor: Kysely<any>, db: Kysely<any>) => Promise<void>,
  plugin: Plugin = masking(),
  options: TestOpenOptions = {},
): Promise<void> {
  const { db, close } = await dialect.open(options);
  const bare = db.withoutPlugins();
  try {
    await bare.schema.createTable("staff").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("boss_id", "integer").addColumn("pay_code", "integer")
      .addColumn("note", "varchar(20)").execute();
    await bare.schema.createTable("tags").addColumn("id", "integer").addColumn("code", "integer")
      .execute();
    await bare.insertInto("staff").values(ROWS).execute();
    await bare.insertInto("tags").values([{ id: 1, code: 900 }, { id: 2, code: 5 }]).execute();
    await body(createExecutorSync(db, [plugin]), bare);
  } finally {
    await close();
  }
}

const shown = ROWS.map((row) => ({ ...row, pay_code: null }));

onEveryDialect("a masked column", (dialect) => {
  it("is NULL wherever a SELECT reads it", () =>
    inWorld(dialect, async (executor) => {
      const staff = executor.selectFrom("staff").orderBy("staff.id");
      assert.deepEqual(await staff.selectAll().execute(), shown);
      assert.deepEqual(await staff.selectAll("staff").execute(), shown);
      assert.deepEqual(
        await staff.select("pay_code").execute(),
        shown.map(() => ({
          pay_code: null,
        })),
      );
      assert.deepEqual(await staff.selectAll().where("pay_code", ">", 0).execute(), []);
      const { n, most } = await executor.selectFrom("staff as s").select((eb) => [
        eb.fn.count("s.pay_code").as("n"),
        eb.fn.max("s.pay_code").as("most"),
      ]).executeTakeFirstOrThrow();
      assert.deepEqual([Number(n), most], [0, null]);
      const groups = await executor.selectFrom("staff").select("pay_code").groupBy("pay_code")
        .having("pay_code", "is not", null).execute();
      assert.deepEqual(groups, []);
      const raw = await executor.selectFrom("staff").select(sql`pay_code + 1`.as("p")).execute();
      assert.deepEqual(raw.map(({ p }) => p), [null, null, null]);
    }));

  it("joins with nothing, in any kind of join, subquery or set operation", () =>
    inWorld(dialect, async (executor) => {
      const joined = executor.selectFrom("tags as t").innerJoin(
        "staff as s",
        "s.pay_code",
        "t.code",
      )
        .selectAll();
      assert.deepEqual(await joined.execute(), []);
      const left = await executor.selectFrom("tags").leftJoin(
        "staff",
        "staff.pay_code",
        "tags.code",
      )
        .select(["tags.id", "staff.id as other"]).orderBy("tags.id").execute();
      assert.deepEqual(left, [{ id: 1, other: null }, { id: 2, other: null }]);
      const self = await executor.selectFrom("staff as a").innerJoin(
        "staff as b",
        "a.id",
        "b.boss_id",
      )
        .select(["a.pay_code as x", "b.pay_code as y"]).execute();
      assert.deepEqual(self, [{ x: null, y: null }, { x: null, y: null }]);
      const exists = executor.selectFrom("tags").select("id").where((eb) =>
        eb.exists(
          eb.selectFrom("staff").select("staff.id").whereRef("staff.pay_code", "=", "tags.code"),
        )
      );
      assert.deepEqual(await exists.execute(), []);
      const union = await executor.selectFrom("tags").select("code").where("id", "=", 2)
        .union(executor.selectFrom("staff").select("pay_code as code")).execute();
      assert.equal(union.length, 2);
      const cte = await executor.with("w", (qc) => qc.selectFrom("staff").selectAll())
        .selectFrom("w").select("pay_code").distinct().execute();
      assert.deepEqual(cte, [{ pay_code: null }]);
    }));

  it("cannot be guessed by what an UPDATE or a DELETE does", () =>
    inWorld(dialect, async (executor, db) => {
      const pay = async () =>
        (await db.selectFrom("staff").selectAll().orderBy("id").execute()).map((row) =>
          `${row["pay_code"]}${row["note"]}`
        );
      for (const column of ["pay_code", "staff.pay_code"]) {
        await executor.updateTable("staff").set({ note: "x" }).where(column, ">", 500).execute();
        await executor.deleteFrom("staff").where(column, ">", 500).execute();
      }
      assert.deepEqual(await pay(), ["900a", "300b", "700c"]);
      await assert.rejects(
        async () =>
          await executor.updateTable("staff").set((eb) => ({ note: eb.ref("pay_code") }))
            .where("id", "=", 1).execute(),
        { code: "QUERY_MASKED_VALUE", table: "staff" },
      );
      assert.deepEqual(await pay(), ["900a", "300b", "700c"]);
      await executor.updateTable("staff").set({ pay_code: 5 }).where("id", "=", 1).execute();
      assert.deepEqual(await pay(), ["5a", "300b", "700c"]);
      await executor.updateTable("staff as s").set({ note: "y" })
        .where("s.id", "in", executor.selectFrom("tags").select("tags.id"))
        .where((eb) =>
          eb.exists(
            eb.selectFrom("tags").select("tags.id").whereRef("tags.code", "=", "s.pay_code"),
          )
        ).execute();
      assert.deepEqual(await pay(), ["5a", "300b", "700c"]);
    }));

  it("is not told by RETURNING", async () => {
    if (dialect.dialect === "mysql") return;
    await inWorld(dialect, async (executor) => {
      const update = executor.updateTable("staff").set({ note: "x" }).where("id", "=", 1);
      const row = { id: 1, boss_id: null, pay_code: null, note: "x" };
      assert.deepEqual(await update.returningAll().execute(), [row]);
      assert.deepEqual(await update.returning(["id", "pay_code"]).execute(), [{
        id: 1,
        pay_code: null,
      }]);
      assert.deepEqual(await update.returning("pay_code as p").execute(), [{ p: null }]);
      const insert = executor.insertInto("staff").values({ id: 9, pay_code: 7, note: "n" });
      assert.deepEqual(await insert.returningAll().execute(), [
        { id: 9, boss_id: null, pay_code: null, note: "n" },
      ]);
      const upsert = insert.onConflict((c) =>
        c.column("id").doUpdateSet({ note: "m" }).where("staff.pay_code", "=", 7)
      );
      assert.deepEqual(await upsert.returningAll().execute(), []);
      const whole = executor.updateTable("staff").set({ note: "w" });
      await assert.rejects(
        async () => await whole.returning((eb) => eb.fn.toJson("staff").as("j")).execute(),
        QueryRefusedError,
      );
      const qualified = whole.where("id", "=", 1).returning(
        sql`${sql.ref("staff.pay_code")}`.as("p"),
      );
      assert.deepEqual(await qualified.execute(), [{ p: null }]);
      const removed = await executor.deleteFrom("staff").where("id", "=", 9).returningAll()
        .execute();
      assert.deepEqual(removed[0]!["pay_code"], null);
    });
  });

  it("is refused where raw SQL names it, or a name may be its own, in a write", () =>
    inWorld(dialect, async (executor, db) => {
      const writes = [
        executor.updateTable("staff").set({ note: "x" }).where(sql<boolean>`pay_code > 500`),
        executor.updateTable("staff").set({ note: sql`PAY_CODE` }),
        executor.deleteFrom("staff").where(sql<boolean>`${sql.ref("id")} = (select pay_code)`),
        executor.deleteFrom("staff").where(
          "id",
          "in",
          executor.selectFrom("tags").select("id").where("pay_code" as never, "=", 900 as never),
        ),
        executor.deleteFrom("staff").where(sql<boolean>`staff = null`),
        executor.deleteFrom("staff").where(sql<boolean>`${sql.id("pay_code")} > 500`),
        executor.deleteFrom("staff").where(sql<boolean>`${sql.id("staff", "pay_code")} > 500`),
        executor.deleteFrom("staff").where(sql<boolean>`${sql.table("staff")} is not null`),
        executor.deleteFrom("staff").where((eb) =>
          eb(eb.fn("to_json", [eb.table("staff")]), "=", 1)
        ),
        executor.deleteFrom("staff").where((eb) => eb(eb.fn("1 + pay_code + abs", ["id"]), ">", 1)),
        executor.deleteFrom("staff").where((eb) =>
          eb.exists(eb.selectFrom("tags").selectAll("staff" as never))
        ),
      ];
      for (const write of writes) {
        await assert.rejects(async () => await write.execute(), QueryRefusedError);
      }
      const [{ n }] = await db.selectFrom("staff").select((eb) => eb.fn.countAll().as("n"))
        .execute() as [{ n: unknown }];
      assert.equal(Number(n), 3);
    }));

  it("shows what the plugin says, by a row's other columns or by a value", () =>
    inWorld(
      dialect,
      async (executor) => {
        const staff = executor.selectFrom("staff as s").select(["pay_code", "note"])
          .orderBy("s.id");
        assert.deepEqual(await staff.execute(), [
          { pay_code: 900, note: "***" },
          { pay_code: null, note: "***" },
          { pay_code: null, note: "***" },
        ]);
        assert.equal((await staff.where("pay_code", ">", 0).execute()).length, 1);
        await executor.updateTable("staff").set({ boss_id: 2 }).where("pay_code", ">", 0).execute();
        const changed = await executor.selectFrom("staff").select("id").where("boss_id", "=", 2)
          .execute();
        assert.deepEqual(changed, [{ id: 1 }]);
      },
      {
        ...masking(),
        mask: (staff, { eb }) => ({
          columns: COLUMNS,
          hidden: {
            note: "***",
            pay_code: eb.case().when(staff.column("id"), "=", 1).then(staff.column("pay_code"))
              .end(),
          },
        }),
      },
    ));

  it("may be one that cannot be written, but by stamps", () =>
    inWorld(
      dialect,
      async (executor) => {
        const denied = (error: unknown): boolean =>
          error instanceof QueryRefusedError && error.reason === "COLUMN_DENIED" &&
          /: plugin "[^"]+" denies it; leave it out$/.test(error.message);
        for (
          const write of [
            executor.insertInto("staff").values({ id: 5, note: "x" }),
            executor.updateTable("staff").set({ note: "x" }),
          ]
        ) await assert.rejects(async () => await write.execute(), denied);
        await executor.insertInto("staff").values({ id: 5 }).execute();
      },
      masking({ unwritable: ["note"] }),
    ));

  it("is known through Kysely plugins that rename", () =>
    inWorld(
      dialect,
      async (executor) => {
        const all = await executor.selectFrom("staff").selectAll().orderBy("id").execute();
        assert.deepEqual(all[0], { id: 1, bossId: null, payCode: null, note: "a" });
        assert.deepEqual(
          await executor.selectFrom("staff").select("payCode").where("payCode", ">", 0).execute(),
          [],
        );
        await executor.deleteFrom("staff").where("payCode", ">", 0).execute();
        assert.equal((await executor.selectFrom("staff").selectAll().execute()).length, 3);
      },
      masking(),
      { plugins: [new CamelCasePlugin()] },
    ));

  it("leaves rows that can be locked, or says that they cannot", () =>
    inWorld(dialect, async (executor) => {
      if (dialect.dialect === "sqlite") return;
      const query = executor.selectFrom("staff").selectAll().forUpdate();
      if (dialect.dialect === "mysql") {
        await assert.rejects(async () => await query.execute(), ExecutorError);
      } else assert.equal((await query.execute()).length, 3);
    }));
});
