import { BadRequestError } from "@kysera/core";
import { prepareQuery } from "@kysera/dal";
import { createRepository } from "@kysera/repository";
import { Kysely, MysqlDialect } from "kysely";
import assert from "node:assert/strict";
import process from "node:process";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

onEveryDialect("a loader", (dialect) => {
  it("loads the other keys of a tick where the database takes one for none", async () => {
    const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
    try {
      await db.schema.createTable("t").addColumn("id", "integer", (c) => c.primaryKey()).execute();
      await db.insertInto("t").values([{ id: 1 }, { id: 2 }]).execute();
      const loader: any = createRepository(db, { tableName: "t" }).loader();
      const found = await Promise.allSettled([1, "abc", 2].map((id) => loader.load(id)));
      assert.deepEqual(found.map((one: any) => one.value), [{ id: 1 }, undefined, { id: 2 }]);
      assert.equal(found[1]!.status, "rejected");
    } finally {
      await close();
    }
  });
}, ["postgres", "pglite"]);

onEveryDialect("a service that takes fewer parameters", (dialect) => {
  it("is sent more statements", async () => {
    const most = 100;
    let sent = 0;
    const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open({
      wrap: (real) => ({
        createAdapter: () => real.createAdapter(),
        createIntrospector: (db) => real.createIntrospector(db),
        createDriver: () => real.createDriver(),
        createQueryCompiler() {
          const compiler = real.createQueryCompiler();
          return {
            compileQuery(node, id) {
              const query = compiler.compileQuery(node, id);
              sent = Math.max(sent, query.parameters.length);
              return query;
            },
          };
        },
      }),
    });
    try {
      await db.schema.createTable("t").addColumn("a", "integer", (c) => c.notNull())
        .addColumn("b", "integer", (c) => c.notNull()).addColumn("n", "integer")
        .addPrimaryKeyConstraint("t_pk", ["a", "b"]).execute();
      await db.schema.createTable("s").addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("n", "integer").execute();
      const pairs: any = createRepository(db, {
        tableName: "t",
        primaryKey: ["a", "b"],
        maxParameters: most,
      });
      const singles: any = createRepository(db, { tableName: "s", maxParameters: most });
      const keys = Array.from({ length: 250 }, (_, i) => ({ a: i, b: i }));
      const ids = keys.map(({ a }) => a + 1);
      await pairs.bulkCreate(keys.map((key) => ({ ...key, n: 1 })));
      assert.equal((await pairs.findByIds(keys)).length, 250);
      assert.equal(await pairs.bulkDelete(keys), 250);
      await singles.bulkCreate(ids.map((id) => ({ id, n: 1 })));
      assert.equal((await singles.findByIds(ids)).length, 250);
      await singles.upsertMany(ids.map((id) => ({ id, n: 2 })), { conflictColumns: ["id"] });
      assert.equal(await singles.count({ where: { n: 2 } }), 250);
      assert.equal(await singles.bulkDelete(ids), 250);
      assert.ok(sent <= most, `a statement has ${sent} parameters`);
      await assert.rejects(singles.find({ where: { id: { in: ids } } }), BadRequestError);
      for (const maxParameters of [0, 9, 1.5, "100"]) {
        const config: any = { tableName: "s", maxParameters };
        assert.throws(() => createRepository(db, config), /maxParameters is .* from 10/);
      }
    } finally {
      await close();
    }
  });
});

onEveryDialect("a driver that gives rows as lists", () => {
  it("is named", async () => {
    const { default: mysql } = await import("mysql2");
    const url = process.env["KYSERA_TEST_MYSQL_URL"]!;
    for (const option of [{ rowsAsArray: true }, { nestTables: true }]) {
      const pool = mysql.createPool({ uri: url, ...option } as any);
      const db = new Kysely<any>({ dialect: new MysqlDialect({ pool: pool as any }) });
      try {
        const repo = createRepository(
          db,
          { tableName: "information_schema.engines" } as any,
        ) as any;
        await assert.rejects(repo.findAll(), /rowsAsArray|nestTables|rows/);
      } finally {
        await db.destroy();
      }
    }
  });
}, ["mysql"]);

onEveryDialect("input of any size", (dialect) => {
  it("is refused by name, in few words, before any SQL", async () => {
    const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
    try {
      await db.schema.createTable("t").addColumn("id", "integer", (c) => c.primaryKey()).execute();
      const repo: any = createRepository(db, { tableName: "t" });
      const refused = async (work: () => Promise<unknown>): Promise<void> => {
        await assert.rejects(work, (error) => {
          assert.ok(error instanceof BadRequestError, String(error).slice(0, 200));
          assert.ok(error.message.length < 1_000, `${error.message.length} characters`);
          assert.ok(!error.message.includes("\0"));
          return true;
        });
      };
      const long = "x".repeat(1_000_000);
      for (const name of [long, "a\0b", "\0"]) {
        await refused(() => repo.find({ where: { [name]: 1 } }));
        await refused(() => repo.find({ orderBy: name }));
        await refused(() => repo.find({ select: [name] }));
        await refused(() => repo.create({ [name]: 1 }));
        await refused(() => repo.update(1, { [name]: 1 }));
      }
      await refused(() => repo.find({ where: { id: { [long]: 1 } } }));
      await refused(() => repo.find({ [long]: 1 }));
      for (const key of ["and", "or", "not"]) {
        let where: any = { id: 1 };
        for (let i = 0; i < 5_000; i++) where = { [key]: key === "not" ? where : [where] };
        await refused(() => repo.find({ where }));
        await refused(() => repo.deleteWhere(where));
      }
      let where: any = { id: 1 };
      for (let i = 0; i < 50; i++) where = { not: where };
      assert.deepEqual(await repo.find({ where }), []);

      const byIds = prepareQuery(
        db,
        (db, { ids }: any) => db.selectFrom("t").selectAll().where("id", "in", ids),
      );
      const notIn = prepareQuery(
        db,
        (db, { ids }: any) => db.selectFrom("t").selectAll().where("id", "not in", ids),
      );
      for (const query of [byIds, notIn] as any[]) {
        await refused(() => query.execute({ ids: [1, undefined] }));
        await refused(() => query.execute({ ids: Array.from({ length: 70_000 }, (_, i) => i) }));
      }
      assert.deepEqual(await (byIds as any).execute({ ids: [1, 2] }), []);
      const late = prepareQuery(
        db,
        ((db: any) => Promise.resolve(db.selectFrom("t").selectAll())) as any,
      );
      await assert.rejects((late as any).execute({}), /returns no query; it may not be async/);
    } finally {
      await close();
    }
  });
});
