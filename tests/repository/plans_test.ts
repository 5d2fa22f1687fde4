import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  bindContext,
  CheckRefusedError,
  createExecutor,
  type Plugin,
  withMetadata,
} from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import {
  type CompiledQuery,
  type Dialect,
  Kysely,
  type RootOperationNode,
  sql,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { DatabaseSync } from "node:sqlite";
import { byTenant, type Database, softly } from "./_world.ts";

/** A real database, and counts of what is compiled and run on it. */
interface Counted {
  readonly db: Kysely<Database>;
  compiled: number;
  readonly statements: string[];
}

function open(): Counted {
  const database = new DatabaseSync(":memory:");
  database.exec(`
    create table people (id integer primary key, email text unique, name text,
      score integer default 7, tenant integer default 1, version integer default 1, deleted_at text);
    insert into people (id, email, name, tenant) values (1, 'a', 'Ada', 1), (3, 'c', 'Cyd', 2);
    create table seats (hall integer, seat text, guest text, primary key (hall, seat));
  `);
  const counted = { compiled: 0, statements: [] as string[] };
  class Compiler extends SqliteQueryCompiler {
    override compileQuery(node: RootOperationNode, id: never): CompiledQuery {
      counted.compiled++;
      return super.compileQuery(node, id);
    }
  }
  const adapted: SqliteDatabase = {
    close: () => database.close(),
    prepare(text: string) {
      counted.statements.push(text);
      const statement = database.prepare(text);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...parameters as string[]),
        run: (parameters) => statement.run(...parameters as string[]),
        iterate: (parameters) => statement.iterate(...parameters as string[]) as never,
      };
    },
  };
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver({ database: adapted }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new Compiler(),
  };
  return Object.assign(counted, { db: new Kysely<Database>({ dialect }) });
}

describe("prepared plans of repositories", () => {
  it("are compiled once, for all handles and callers", async () => {
    const world = open();
    const executor = await createExecutor(world.db, [softly, byTenant]);
    const people = createRepository(bindContext(executor, { tenant: 1 }), { tableName: "people" });
    const others = people.on(bindContext(executor, { tenant: 2 }));
    const use = async (): Promise<void> => {
      for (const [repository, id, other] of [[people, 1, 3], [others, 3, 1]] as const) {
        assert.equal((await repository.findById(id))?.id, id);
        assert.equal(await repository.findById(other), null);
        assert.equal((await repository.findAll()).length, 1);
        assert.equal((await repository.find({ where: { id: { gt: 0 } }, limit: 5 }))[0]?.id, id);
        assert.equal(await repository.count({ where: { name: { contains: "d" } } }), 1);
        assert.equal((await repository.update(id, { name: `d${id}` })).name, `d${id}`);
        assert.equal(await repository.updateWhere({ id: other }, { name: "x" }), 0);
        assert.equal(await repository.delete(other), false);
        await repository.transaction((_, inside) => inside.findById(id));
      }
    };
    await use();
    const { compiled } = world;
    await use();
    await use();
    assert.equal(world.compiled, compiled);
    // Other flags are another query.
    await people.on(withMetadata(people.executor, { includeDeleted: true })).findById(1);
    assert.equal(world.compiled, compiled + 1);
    await world.db.destroy();
  });

  it("are kept for each form of a plugin's answer, whoever comes in between", async () => {
    const world = open();
    const byRole: Plugin = {
      name: "by-role",
      version: "1.0.0",
      stable: true,
      filter: (reference, { eb, cached }) => {
        const role = cached((context) => context?.["role"]);
        if (role === "admin") return undefined;
        return eb(reference.column("id"), role === "guest" ? "<" : ">", 2);
      },
    };
    const executor = await createExecutor(world.db, [byRole]);
    const people = createRepository(executor, { tableName: "people" });
    const use = async (): Promise<void> => {
      for (const [role, ids] of [["admin", [1, 3]], ["guest", [1]], ["member", [3]]] as const) {
        const own = people.on(bindContext(executor, { role }));
        assert.deepEqual((await own.findAll()).map(({ id }) => id), ids);
        assert.equal(await own.count(), ids.length);
      }
    };
    await use();
    const { compiled } = world;
    await use();
    await use();
    assert.equal(world.compiled, compiled);
    await world.db.destroy();
  });

  it("are not kept for plugins whose answer may change", async () => {
    const world = open();
    let visible = 1;
    const executor = await createExecutor(world.db, [{
      name: "changing",
      version: "1.0.0",
      appliesTo: ({ name }) => name === "people",
      filter: (reference, { eb }) => eb(reference.column("id"), "=", visible),
    }]);
    const people = createRepository(executor, { tableName: "people" });
    assert.equal((await people.findAll())[0]?.id, 1);
    visible = 3;
    assert.equal((await people.findAll())[0]?.id, 3);
    await world.db.destroy();
  });

  it("give way to plugins that check what is written", async () => {
    const world = open();
    const rule = (says: string, satisfied: (tenant: unknown) => boolean): Plugin => ({
      name: says,
      version: "1.0.0",
      stable: true,
      appliesTo: ({ name }) => name === "people",
      check: () => ({ columns: ["tenant"], says, satisfied: ({ tenant }) => satisfied(tenant) }),
    });
    const executor = await createExecutor(world.db, [
      rule("tenant-is-1", (tenant) => tenant === 1),
      rule("tenant-is-not-2", (tenant) => tenant !== 2),
    ]);
    const people = createRepository(executor, { tableName: "people" });
    const row = (email: string, tenant: number) => ({
      email,
      name: email,
      tenant,
      deleted_at: null,
    });
    for (let i = 0; i < 3; i++) {
      assert.equal((await people.create(row(`n${i}`, 1))).tenant, 1);
      await people.bulkCreate([row(`a${i}`, 1), row(`b${i}`, 1)]);
      assert.equal((await people.update(1, { tenant: 1 })).tenant, 1);
      await assert.rejects(people.create(row("x", 2)), CheckRefusedError);
      await assert.rejects(people.bulkCreate([row("y", 1), row("z", 2)]), CheckRefusedError);
      await assert.rejects(people.update(1, { tenant: 2 }), CheckRefusedError);
      await assert.rejects(people.updateWhere({ id: 1 }, { tenant: 2 }), CheckRefusedError);
    }
    assert.equal(await people.count({ where: { tenant: 2 } }), 1);
    await world.db.destroy();
  });

  it("of a plugin that looks at the context serve that context only", async () => {
    const world = open();
    const executor = await createExecutor(world.db, [{
      name: "looking",
      version: "1.0.0",
      stable: true,
      appliesTo: ({ name }) => name === "people",
      filter: (reference, { eb, context }) =>
        eb(reference.column("tenant"), "=", context?.["tenant"] ?? -1),
    }]);
    const people = createRepository(bindContext(executor, { tenant: 1 }), { tableName: "people" });
    const others = people.on(bindContext(executor, { tenant: 2 }));
    for (let i = 0; i < 3; i++) {
      assert.equal((await people.findAll())[0]?.id, 1);
      assert.equal((await others.findAll())[0]?.id, 3);
      assert.deepEqual(await people.on(executor).findAll(), []);
    }
    await world.db.destroy();
  });

  it("of one schema do not serve another", async () => {
    const world = open();
    await sql`attach ':memory:' as aux`.execute(world.db);
    await sql`create table aux.people as select 9 as id, 'Zoe' as name, 1 as tenant,
      null as deleted_at`.execute(world.db);
    const executor = await createExecutor(world.db, [softly]);
    for (const handle of [executor, world.db]) {
      const people = createRepository(handle, { tableName: "people" });
      const others = people.on(handle.withSchema("aux"));
      for (let i = 0; i < 2; i++) {
        assert.equal((await people.findById(1))?.name, "Ada");
        assert.equal(await others.findById(1), null);
        assert.equal((await others.find({ where: { name: "Zoe" }, orderBy: "id" }))[0]?.id, 9);
      }
    }
    await world.db.destroy();
  });

  it("leave room for what plugins add to rows", async () => {
    const world = open();
    const executor = await createExecutor(world.db, [{
      name: "stamping",
      version: "1.0.0",
      stable: true,
      appliesTo: ({ name }) => name === "seats",
      stamp: () => ({ set: { guest: "stamped" } }),
    }]);
    const seats = createRepository(executor, { tableName: "seats", primaryKey: ["hall", "seat"] });
    const rows = Array.from({ length: 15_000 }, (_, i) => ({ hall: 1, seat: `s${i}` }));
    const made = await seats.bulkCreate(rows as never);
    assert.equal(made.length, 15_000);
    assert.equal(made[14_999]?.guest, "stamped");
    await world.db.destroy();
  });

  it("a method is one statement where the dialect has RETURNING", async () => {
    const world = open();
    const executor = bindContext(await createExecutor(world.db, [softly, byTenant]), { tenant: 1 });
    const people = createRepository(executor, { tableName: "people" });
    const row = { email: "n", name: "N", deleted_at: null };
    const work: Record<string, () => Promise<unknown>> = {
      findById: () => people.findById(1),
      findByIds: () => people.findByIds([1, 3]),
      find: () => people.find({ where: { id: 1 } }),
      count: () => people.count(),
      exists: () => people.exists(),
      create: () => people.create(row),
      update: () => people.update(1, { name: "x" }),
      upsert: () => people.upsert(row, { conflictColumns: ["email"] }),
      updateWhere: () => people.updateWhere({ id: 1 }, { name: "y" }),
      bulkCreate: () => people.bulkCreate([{ ...row, email: "o" }, { ...row, email: "p" }]),
      bulkDelete: () => people.bulkDelete([7, 8]),
      deleteWhere: () => people.deleteWhere({ name: "q" }),
      delete: () => people.delete(9),
      softDelete: () => people.softDelete(9),
      loader: () => people.loader().loadMany([1, 2, 3]),
    };
    for (const [name, run] of Object.entries(work)) {
      world.statements.length = 0;
      await run();
      assert.equal(world.statements.length, 1, `${name}: ${world.statements.join("; ")}`);
    }
    await world.db.destroy();
  });
});
