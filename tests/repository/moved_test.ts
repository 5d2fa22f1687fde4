import { nodeSqliteDialect } from "@kysera/dialects";
import { auditPlugin } from "@kysera/audit";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Generated, Kysely } from "kysely";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";

interface Database {
  notes: { id: Generated<number>; org_id: number; text: string };
}

function open(): Kysely<Database> {
  const database = new DatabaseSync(":memory:");
  database.exec(`
    create table notes (id integer primary key, org_id integer, text text, deleted_at text,
      created_at text, updated_at text);
    insert into notes (org_id, text) values (1, 'ours'), (2, 'theirs');
  `);
  return new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
}

const caller = { auth: { userId: 1, tenantId: 1, roles: ["member"] } };

/** A repository on an executor, and what it is for a caller. */
async function world(plugins: readonly Plugin[] = []) {
  const schema = {
    notes: { policies: [filter("all", (ctx) => ({ org_id: ctx.auth.tenantId }))] },
  };
  const executor = await createExecutor(open(), [rlsPlugin({ schema }), ...plugins]);
  const notes = createRepository(executor, { tableName: "notes" });
  return { executor, notes, bound: () => bindContext(executor, caller) };
}

describe("a repository that is moved to a caller", () => {
  it("has the members of the other, each time the same, on the caller's executor", async () => {
    const { executor, notes, bound } = await world();
    const handle = bound();
    const ours = notes.on(handle);
    assert.equal(ours.executor, handle);
    assert.equal(ours.findById, ours.findById);
    assert.equal(ours.find, ours.find);
    const { findById } = ours;
    assert.deepEqual(Object.keys(ours), Object.keys(notes));
    assert.equal(ours.findById, findById);
    assert.equal(Object.getPrototypeOf(ours), Object.prototype);
    assert.ok("canAccess" in ours && !("then" in ours));
    const copy = { ...notes.on(handle), mine: true };
    for (const repository of [ours, copy, { ...copy }, notes.on(handle).on(handle)]) {
      assert.deepEqual((await repository.find()).map(({ text }) => text), ["ours"]);
      assert.equal(await repository.findById(2), null);
    }
    assert.equal((await findById(1))?.text, "ours");
    assert.equal(await ours.canAccess("read", { id: 2, org_id: 2, text: "theirs" }), false);
    await executor.destroy();
  });

  it("can be awaited, frozen, and given other members, as any object", async () => {
    const { executor, notes, bound } = await world();
    const awaited = await Promise.resolve(notes.on(bound()));
    assert.equal((await awaited.findById(1))?.text, "ours");
    const mocked = notes.on(bound());
    mocked.findById = () => Promise.resolve(null);
    assert.equal(await mocked.findById(1), null);
    assert.equal((await mocked.find()).length, 1);
    const frozen = Object.freeze(notes.on(bound()));
    assert.ok(Object.isFrozen(frozen));
    assert.throws(() => Object.assign(frozen, { findById: undefined }), TypeError);
    assert.equal((await frozen.findById(1))?.text, "ours");
    assert.deepEqual(Object.entries(notes.on(bound())).map(([name]) => name), Object.keys(notes));
    await executor.destroy();
  });

  it("is shown at once to a plugin that may change its methods", async () => {
    const seen: object[] = [];
    const counting: Plugin = {
      name: "counting",
      version: "1.0.0",
      extendRepository<T extends object>(repository: T): T {
        seen.push(repository);
        return { ...repository, findById: () => Promise.resolve({ text: "changed" }) };
      },
    };
    const { executor, notes, bound } = await world([counting]);
    assert.equal(seen.length, 1);
    const ours = notes.on(bound());
    assert.equal(seen.length, 2);
    assert.equal((await ours.findById(2))?.text, "changed");
    const untrue = await world([{ ...counting, extendsAlike: true }]);
    assert.equal((await untrue.notes.on(untrue.bound()).findById(2))?.text, "changed");
    await executor.destroy();
    await untrue.executor.destroy();
  });

  it("costs a plugin that leaves reads nothing until something else is used", async () => {
    let times = 0;
    const adding: Plugin = {
      name: "adding",
      version: "1.0.0",
      extendsAlike: true,
      extendRepository<T extends object>(repository: T): T {
        times++;
        return { ...repository, added: () => Reflect.get(repository, "executor") };
      },
    };
    const plugins = [
      adding,
      softDeletePlugin(),
      timestampsPlugin(),
      auditPlugin({ getUserId: () => "me" }),
    ];
    const { executor, notes, bound } = await world(plugins);
    assert.equal(times, 1);
    const handle = bound();
    const ours = notes.on(handle);
    await ours.findById(1);
    await ours.find();
    assert.equal(times, 1);
    assert.equal(Reflect.get(ours, "added")(), handle);
    assert.equal(times, 2);
    await executor.destroy();
  });
});
