import { auditPlugin, getAuditLogs } from "@kysera/audit";
import { BadRequestError, UniqueConstraintError } from "@kysera/core";
import { prepareQuery } from "@kysera/dal";
import { bindContext, createExecutor } from "@kysera/executor";
import { bigint, createRepository, StaleRowError, UpsertConflictError } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin, validate } from "@kysera/rls";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { type Database, inWorld } from "./_world.ts";

const byEmail = { conflictColumns: ["email"] } as const;
const fay = { email: "fay@x.org", name: "Fay", deleted_at: null };

async function withItems(
  dialect: TestDialect,
  body: (db: Kysely<any>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
  try {
    const big = dialect.dialect === "sqlite" ? "integer" : "bigint";
    await sql`create table items (id int primary key, sku varchar(9) unique, kind varchar(9),
      n int not null, big ${sql.raw(big)}, price decimal(20, 4), created_at varchar(40),
      updated_at varchar(40), deleted_at varchar(40), tenant int not null default 1)`.execute(db);
    await body(db);
  } finally {
    await close();
  }
}

onEveryDialect("firstOrCreate()", (dialect) => {
  it("finds the row, or adds it", () =>
    inWorld(dialect, async ({ executor, people }) => {
      const repository = createRepository(executor, { tableName: "people" });
      const first = await repository.firstOrCreate(fay, byEmail);
      assert.deepEqual([first.created, first.data.name, first.data.score], [true, "Fay", 7]);
      const again = await repository.firstOrCreate({ ...fay, name: "other" }, byEmail);
      assert.deepEqual([again.created, again.data.id, again.data.name], [
        false,
        first.data.id,
        "Fay",
      ]);
      // The row is there, and hidden: deleted, and of another tenant.
      for (const email of ["bob@x.org", "cyd@x.org"]) {
        await assert.rejects(
          repository.firstOrCreate({ ...fay, email }, byEmail),
          UpsertConflictError,
        );
      }
      assert.match(await people(), /\(2:Bob\) 3:Cyd/);
      await assert.rejects(
        repository.firstOrCreate(fay, { conflictColumns: [] }),
        /is to name the columns of a unique key/,
      );
    }));

  it("adds one row, whoever comes at the same time", () =>
    inWorld(dialect, async ({ executor }) => {
      const repository = createRepository(executor, { tableName: "people" });
      const all = await Promise.all(
        Array.from(
          { length: 8 },
          (_, i) => repository.firstOrCreate({ ...fay, name: `${i}` }, byEmail),
        ),
      );
      assert.equal(all.filter(({ created }) => created).length, 1);
      assert.equal(new Set(all.map(({ data }) => data.id)).size, 1);
    }));
});

onEveryDialect("createMany()", (dialect) => {
  it("tells how many rows it added, and leaves out those whose keys are taken", () =>
    inWorld(dialect, async ({ executor }) => {
      const repository = createRepository(executor, { tableName: "people" });
      const rows = Array.from({ length: 30 }, (_, i) => ({
        email: `p${i % 25}@x.org`,
        name: null,
        deleted_at: null,
      }));
      await assert.rejects(repository.createMany(rows), UniqueConstraintError);
      assert.equal(await repository.count({ where: { email: { startsWith: "p" } } }), 0);
      assert.equal((await repository.createMany(rows.slice(0, 5))).length, 5);
      assert.deepEqual(await repository.createMany(rows, { skipDuplicates: true }), {
        created: 20,
        skipped: 10,
      });
      assert.deepEqual(
        await repository.createMany([...rows, fay], { ...byEmail, skipDuplicates: true }),
        {
          created: 1,
          skipped: 30,
        },
      );
      assert.equal(await repository.count({ where: { email: { startsWith: "p" } } }), 25);
      assert.deepEqual(await repository.createMany([], { skipDuplicates: true }), {
        created: 0,
        skipped: 0,
      });
      // Another key than the one that was named is taken.
      await assert.rejects(
        repository.createMany([{ ...fay, id: 1, email: "new@x.org" }], {
          ...byEmail,
          skipDuplicates: true,
        }),
        UniqueConstraintError,
      );
      assert.deepEqual(
        await repository.createMany([{ ...fay, id: 1, email: "new@x.org" }], {
          skipDuplicates: true,
        }),
        { created: 0, skipped: 1 },
      );
      await assert.rejects(
        repository.createMany([fay], { skipDuplicates: false } as never),
        BadRequestError,
      );
    }));
});

onEveryDialect("upsert()", (dialect) => {
  it("tells what it did, and changes only what satisfies a condition", () =>
    inWorld(dialect, async ({ executor }) => {
      const repository = createRepository(executor, {
        tableName: "people",
        versionColumn: "version",
      });
      const options = { ...byEmail, outcome: true } as const;
      const made = await repository.upsert({ ...fay, score: 5 }, options);
      assert.deepEqual([made.outcome, made.data.score], ["created", 5]);
      const changed = await repository.upsert({ ...fay, score: 6 }, options);
      assert.deepEqual([changed.outcome, changed.data.score, Number(changed.data.version)], [
        "updated",
        6,
        2,
      ]);
      // Only a higher score replaces a score.
      const higher = (score: number) => ({ ...options, updateWhere: { score: { lt: score } } });
      const left = await repository.upsert({ ...fay, score: 3 }, higher(3));
      assert.deepEqual([left.outcome, left.data.score], ["unchanged", 6]);
      const raised = await repository.upsert({ ...fay, score: 9 }, higher(9));
      assert.deepEqual([raised.outcome, raised.data.score], ["updated", 9]);
      const plain = await repository.upsert({ ...fay, score: 1 }, {
        ...byEmail,
        updateWhere: { score: { lt: 1 } },
      });
      assert.equal(plain.score, 9);
      const none = await repository.upsert(fay, { ...options, updateColumns: [] });
      assert.equal(none.outcome, "unchanged");
      const many = await repository.upsertMany(
        [{ ...fay, score: 2 }, { ...fay, email: "gil@x.org", score: 2 }],
        { ...byEmail, updateWhere: { score: { gt: 100 } } },
      );
      assert.deepEqual(many.map(({ score }) => score), [9, 2]);
      await assert.rejects(
        repository.upsert({ ...fay, version: 1 }, options),
        StaleRowError,
      );
      await assert.rejects(
        repository.upsert({ ...fay, email: "cyd@x.org" }, options),
        UpsertConflictError,
      );
      await assert.rejects(
        repository.upsert(fay, { ...options, updateWhere: { scor: 1 } as object }),
        /did you mean "score"/,
      );
    }));
});

onEveryDialect("sum(), avg(), min(), max() and groupBy()", (dialect) => {
  it("compute exactly, of the rows that are there", () =>
    withItems(dialect, async (db) => {
      const items = createRepository<any, any>(db, {
        tableName: "items",
        codecs: { big: bigint() },
      }) as any;
      assert.deepEqual(
        [await items.sum("n"), await items.avg("n"), await items.min("n"), await items.max("n")],
        [null, null, null, null],
      );
      const huge = 4503599627370497n;
      await items.bulkCreate([
        { id: 1, kind: "a", n: 1, big: huge, price: "0.1000", tenant: 1 },
        { id: 2, kind: "a", n: 2, big: huge, price: "0.2000", tenant: 1 },
        { id: 3, kind: "b", n: 30, big: 1n, price: "12345678901234.5678", tenant: 1 },
        { id: 4, kind: null, n: 4, big: null, price: null, tenant: 2 },
      ]);
      assert.equal(BigInt(await items.sum("big")), 2n * huge + 1n);
      assert.equal(Number(await items.sum("n", { where: { kind: "a" } })), 3);
      assert.equal(Number(await items.avg("n", { where: { kind: "a" } })), 1.5);
      assert.equal(await items.max("big"), huge);
      assert.equal(await items.min("big"), 1n);
      if (dialect.dialect !== "sqlite") {
        assert.equal(await items.sum("price"), "12345678901234.8678");
        assert.equal(await items.max("price"), "12345678901234.5678");
      }
      const groups = await items.groupBy(["kind"], {
        count: true,
        sum: ["n"],
        max: ["big", "n"],
        where: { tenant: 1 },
        orderBy: [{ column: "_count", direction: "desc" }, { column: "kind" }],
      });
      assert.deepEqual(
        groups.map((group: any) => [
          group.kind,
          group._count,
          Number(group._sum.n),
          group._max.big,
          Number(group._max.n),
        ]),
        [["a", 2, 3, huge, 2], ["b", 1, 30, 1n, 30]],
      );
      assert.deepEqual(
        await items.groupBy(["tenant", "kind"], {
          orderBy: "kind",
          limit: 1,
          offset: 1,
          where: { tenant: 1 },
        }),
        [{ tenant: 1, kind: "b" }],
      );
      for (
        const work of [
          () => items.sum("nn"),
          () => items.groupBy(["knd"]),
          () => items.groupBy(["kind"], { max: ["knd"] }),
          () => items.groupBy(["kind"], { orderBy: "knd" }),
          () => items.groupBy(["kind"], { where: { knd: 1 } }),
          () => items.groupBy(["kind"], { summ: ["n"] }),
        ]
      ) {
        await assert.rejects(work(), (error) =>
          error instanceof BadRequestError && /did you mean/.test(error.message));
      }
      await assert.rejects(items.groupBy([]), BadRequestError);
      await assert.rejects(items.groupBy("kind"), BadRequestError);
    }));

  it("see what plugins let be seen, as writes do", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      assert.equal(Number(await people.sum("score")), 100);
      assert.equal(Number(await people.max("score")), 50);
      const [all] = await people.groupBy(["tenant"], { count: true, min: ["name"] });
      assert.deepEqual([all?._count, all?._min.name], [3, "Ada"]);
    }));
});

onEveryDialect("every new write", (dialect) => {
  it("is subject to policies, stamped and audited", () =>
    withItems(dialect, async (db) => {
      const schema = defineRLSSchema<any>({
        items: {
          policies: [
            filter("all", (context: any) => ({ tenant: context.auth.tenantId })),
            validate("all", (context: any) => context.data?.tenant === context.auth.tenantId),
          ],
        },
      });
      const executor = bindContext(
        await createExecutor(db, [
          timestampsPlugin({ tables: ["items"] }),
          rlsPlugin({ schema }),
          auditPlugin({ createTable: true, tables: ["items"] }),
        ]) as any,
        { auth: { userId: 1, roles: [], tenantId: 1 } } as any,
      ) as any;
      await db.insertInto("items").values({ id: 9, sku: "taken", n: 1, tenant: 2 }).execute();
      const items = createRepository<any, any>(executor, { tableName: "items" }) as any;
      const bySku = { conflictColumns: ["sku"] };
      const row = { id: 1, sku: "a", n: 1, tenant: 1 };
      const first = await items.firstOrCreate(row, bySku);
      assert.ok(first.created && first.data.created_at);
      assert.equal((await items.firstOrCreate({ ...row, id: 5 }, bySku)).data.id, 1);
      const up = await items.upsert({ ...row, n: 2 }, {
        ...bySku,
        updateColumns: ["n"],
        outcome: true,
      });
      assert.deepEqual([up.outcome, up.data.n], ["updated", 2]);
      assert.deepEqual(
        await items.createMany([{ ...row, id: 2, sku: "b" }, { ...row, id: 3 }], {
          ...bySku,
          skipDuplicates: true,
        }),
        { created: 1, skipped: 1 },
      );
      assert.equal(Number(await items.sum("n")), 3);
      // Of another tenant: neither read, changed nor written.
      for (
        const work of [
          () => items.firstOrCreate({ ...row, id: 4, sku: "taken" }, bySku),
          () =>
            items.upsert({ ...row, id: 4, sku: "taken" }, {
              ...bySku,
              updateColumns: ["n"],
              outcome: true,
            }),
          () => items.firstOrCreate({ ...row, id: 4, sku: "c", tenant: 2 }, bySku),
          () =>
            items.createMany([{ ...row, id: 4, sku: "c", tenant: 2 }], { skipDuplicates: true }),
        ]
      ) await assert.rejects(work());
      assert.deepEqual(
        (await db.selectFrom("items").select(["id", "n"]).orderBy("id").execute())
          .map(({ id, n }) => [id, n]),
        [[1, 2], [2, 1], [9, 1]],
      );
      const operations = (await getAuditLogs(executor)).map((log: any) => log.operation).sort();
      assert.deepEqual(operations, ["INSERT", "INSERT", "UPDATE"]);
    }));
});

onEveryDialect("a promise where a value is meant", (dialect) => {
  it(
    "is refused by name",
    { skip: !["sqlite", "postgres"].includes(dialect.name) && "two dialects say it" },
    () =>
      inWorld(dialect, async ({ db }) => {
        const people: any = createRepository(db, { tableName: "people" });
        const later = Promise.resolve(1);
        const byId = prepareQuery<Database, { id: number; ids: number[] }, unknown>(
          db,
          (db, { id, ids }) =>
            db.selectFrom("people").selectAll().where("id", "=", id).where("id", "in", ids),
        );
        for (
          const work of [
            () => people.findById(later),
            () => people.findByIds([later]),
            () => people.findByIds(later),
            () => people.find(later),
            () => people.find({ where: later }),
            () => people.find({ where: { id: later } }),
            () => people.find({ where: { id: { in: [later] } } }),
            () => people.count({ where: { or: [later] } }),
            () => people.create(later),
            () => people.create({ email: later }),
            () => people.bulkCreate(later),
            () => people.bulkCreate([later]),
            () => people.update(later, { name: "x" }),
            () => people.update(1, later),
            () => people.delete(later),
            () => people.deleteWhere(later),
            () => people.firstOrCreate({ ...fay, name: later }, byEmail),
            () => people.sum("score", later),
            () => people.update(undefined, { name: "x" }),
            () => byId.execute({ id: later as never, ids: [1] }),
            () => byId.execute({ id: 1, ids: [later as never] }),
          ]
        ) {
          await assert.rejects(async () => await work(), (error) => {
            assert.ok(error instanceof BadRequestError, String(error));
            assert.match(error.message, /promise/);
            return true;
          });
        }
        assert.throws(
          () => createRepository<any, any>(createExecutor(db, []) as any, { tableName: "people" }),
          /a promise; await it first/,
        );
        await assert.rejects(createExecutor(createExecutor(db, []) as never), /a promise; await/);
      }),
  );
});
