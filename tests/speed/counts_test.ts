/**
 * What the speed of everyday work depends on, whatever the machine: how many statements it sends,
 * and how many queries it compiles that it has compiled before.
 */
import { auditPlugin, createAuditTable } from "@kysera/audit";
import { type Params, prepareQuery } from "@kysera/dal";
import { bindContext, createExecutor, destroyExecutor } from "@kysera/executor";
import { createRepository, defineRelations } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import type { Dialect, Kysely } from "kysely";
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { recording } from "../audit/_world.ts";
import { onEveryDialect, type TestDatabase, type TestDialect } from "../support/matrix.ts";

/** A number, or one for each family of SQL. */
type Most = number | Readonly<Record<TestDialect["dialect"], number>>;

/** What is done, and what it may take when the same was done before. */
interface Work {
  /** The statements, those of a transaction included. */
  readonly statements: Most;
  /** The queries that are compiled. */
  readonly compiled: Most;
  /** Makes the run; it is told how many times it was run before. */
  readonly make: (db: Kysely<any>) => (time: number) => Promise<unknown>;
}

const CALLER = { auth: { userId: 1, tenantId: 3, roles: ["member"] } };
const PAGE = 5;

const WORK: Readonly<Record<string, Work>> = {
  "findById": {
    statements: 1,
    compiled: 0,
    make(db) {
      const tasks = createRepository(db, { tableName: "tasks" });
      return () => tasks.findById(3);
    },
  },
  "findById of another caller each time": {
    statements: 1,
    compiled: 0,
    make(db) {
      const tasks = createRepository(db, { tableName: "tasks" });
      return (time) =>
        tasks.on(bindContext(db, { auth: { ...CALLER.auth, userId: time, tenantId: time } }))
          .findById(3);
    },
  },
  "find with a condition, an order and a limit": {
    statements: 1,
    compiled: 0,
    make(db) {
      const tasks = createRepository(db, { tableName: "tasks" });
      return (time) =>
        tasks.find({ where: { name: { like: `task${time}%` } }, orderBy: "id", limit: time + 1 });
    },
  },
  "a prepared query": {
    statements: 1,
    compiled: 0,
    make(db) {
      const named = prepareQuery(
        db,
        (db, p: Params<{ name: string }>) =>
          db.selectFrom("tasks").selectAll().where("name", "=", p.name),
      );
      return (time) => named.execute({ name: `task ${time}` });
    },
  },
  "a page by cursor": {
    statements: 1,
    compiled: 0,
    make(db) {
      const tasks = createRepository(db, { tableName: "tasks" });
      let cursor: string | undefined;
      return async () => {
        const page = await tasks.paginateCursor({
          orderBy: "id",
          limit: PAGE,
          ...cursor === undefined ? {} : { cursor },
        });
        assert.equal(page.data.length, PAGE);
        cursor = page.nextCursor ?? undefined;
      };
    },
  },
  "related rows": {
    statements: 2,
    compiled: 0,
    make(db) {
      const relations = defineRelations<any>()({
        tasks: { steps: { type: "hasMany", table: "steps", columns: { id: "task_id" } } },
      });
      const tasks = createRepository(db, { tableName: "tasks", relations });
      return () => tasks.find({ where: { id: { lte: 50 } }, include: { steps: true } } as never);
    },
  },
  "a query that is built each time": {
    statements: 1,
    compiled: 1,
    make: (db) => (time) =>
      db.selectFrom("tasks").selectAll().where("name", "=", `task ${time}`).execute(),
  },
  "an audited update": {
    statements: { sqlite: 5, postgres: 1, mysql: 9 },
    compiled: { sqlite: 0, postgres: 0, mysql: 4 },
    make(db) {
      const tasks = createRepository(db, { tableName: "tasks" });
      return (time) => tasks.update(3, { name: `renamed ${time}` });
    },
  },
  "an audited insert": {
    statements: { sqlite: 4, postgres: 1, mysql: 6 },
    compiled: { sqlite: 0, postgres: 0, mysql: 2 },
    make(db) {
      const tasks = createRepository(db, { tableName: "tasks" });
      return (time) => tasks.create({ id: 10_000 + time, name: "new" });
    },
  },
  "an audited insert of 1,000 rows": {
    statements: { sqlite: 45, postgres: 1, mysql: 7 },
    // A list of a thousand is longer than what is kept prepared.
    compiled: { sqlite: 1, postgres: 1, mysql: 5 },
    make(db) {
      const tasks = createRepository(db, { tableName: "tasks" });
      return (time) =>
        tasks.bulkCreate(
          Array.from({ length: 1_000 }, (_, i) => ({ id: (time + 2) * 10_000 + i, name: "new" })),
        );
    },
  },
};

/** A dialect that tells of each query that is compiled. */
function compiling(dialect: Dialect, tell: () => void): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createDriver: () => dialect.createDriver(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler() {
      const compiler = dialect.createQueryCompiler();
      return {
        compileQuery(...query) {
          tell();
          return compiler.compileQuery(...query);
        },
      };
    },
  };
}

onEveryDialect("what is run again", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;
  let statements = 0;
  let compiled = 0;

  before(async () => {
    database = await dialect.open({
      connections: 1,
      wrap: (inner) => compiling(recording(inner, () => statements++), () => compiled++),
    });
    const raw = database.db;
    const time = dialect.dialect === "mysql" ? "datetime" : "text";
    await raw.schema.createTable("tasks")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("org_id", "integer", (column) => column.notNull())
      .addColumn("name", "varchar(50)")
      .addColumn("deleted_at", time)
      .addColumn("created_at", time)
      .addColumn("updated_at", time)
      .execute();
    await raw.schema.createTable("steps")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("task_id", "integer", (column) => column.notNull())
      .execute();
    await createAuditTable(raw);
    await raw.insertInto("tasks").values(
      Array.from({ length: 200 }, (_, i) => ({ id: i + 1, org_id: 3, name: `task ${i + 1}` })),
    ).execute();
    const tables = ["tasks"];
    const schema = defineRLSSchema<any>({
      tasks: {
        policies: [filter("all", (ctx) => ({ org_id: ctx.auth.tenantId }))],
        stamp: { org_id: (ctx) => ctx.auth.tenantId },
      },
    });
    const executor = await createExecutor(raw, [
      softDeletePlugin({ tables }),
      timestampsPlugin({ tables }),
      auditPlugin({ tables }),
      rlsPlugin({ schema }),
    ]);
    db = bindContext(executor, CALLER);
  });
  after(async () => {
    await destroyExecutor(db);
    await database.close();
  });

  const allowed = (most: Most): number => typeof most === "number" ? most : most[dialect.dialect];

  for (const [name, { make, ...most }] of Object.entries(WORK)) {
    it(name, async () => {
      const run = make(db);
      // What is asked of the catalog, and compiled, is asked once.
      for (let time = 0; time < 3; time++) await run(time);
      [statements, compiled] = [0, 0];
      await run(3);
      assert.ok(statements > 0, "no statement was seen");
      const [sent, built] = [allowed(most.statements), allowed(most.compiled)];
      assert.ok(statements <= sent, `${statements} statements were sent; ${sent} are allowed`);
      assert.ok(compiled <= built, `${compiled} queries were compiled; ${built} are allowed`);
    });
  }

  it("an executor asks the catalog as often, however many tables there are", async () => {
    const counts: number[] = [];
    for (const count of [2, 40]) {
      for (let i = 0; i < count; i++) {
        await database.db.schema.createTable(`more_${count}_${i}`)
          .addColumn("id", "integer", (column) => column.primaryKey())
          .addColumn("deleted_at", "varchar(30)")
          .execute();
      }
      const tables = Array.from({ length: count }, (_, i) => `more_${count}_${i}`);
      statements = 0;
      await destroyExecutor(await createExecutor(database.db, [softDeletePlugin({ tables })]));
      counts.push(statements);
    }
    const [few, many] = counts;
    assert.ok(few! > 0, "no statement was seen");
    assert.equal(many, few);
  });
});
