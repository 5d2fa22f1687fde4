import {
  assertRowExists,
  association,
  countRows,
  createFactory,
  createMany,
  createManyFactory,
  createSequenceFactory,
  waitFor,
} from "@kysera/testing";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

describe("createFactory()", () => {
  it("makes rows of values and functions, with overrides", () => {
    const user = createFactory({
      email: ({ sequence }) => `user-${sequence}@test.com`,
      name: "Test User",
      age: 30,
    });
    assert.deepEqual(user({ name: "Alice" }), {
      email: "user-1@test.com",
      name: "Alice",
      age: 30,
    });
    const { email }: { email: string } = user.build({ age: undefined });
    assert.equal(email, "user-2@test.com");
    assert.deepEqual(user.buildMany(2, (i) => ({ age: i })).map(({ age }) => age), [0, 1]);
  });

  it("does not share an object between rows", () => {
    const user = createFactory({ tags: ["a"] });
    user().tags.push("b");
    assert.deepEqual(user().tags, ["a"]);
  });

  it("makes the same rows in each run, by its seed", () => {
    const rows = (seed: number) =>
      createFactory({ n: ({ random }) => random() }, { seed }).buildMany(5).map(({ n }) => n);
    assert.deepEqual(rows(1), rows(1));
    assert.notDeepEqual(rows(1), rows(2));
    assert.ok(rows(3).every((n) => n >= 0 && n < 1));
    const again = createFactory({ n: ({ random, sequence }) => [random(), sequence] });
    const first = again();
    again.reset();
    assert.deepEqual(again(), first);
  });

  it("has traits, the last of which wins", () => {
    const user = createFactory({ role: "member", active: true }, {
      traits: { admin: { role: "admin" }, gone: { active: false, role: () => "none" } },
    });
    assert.deepEqual(user.with("admin")(), { role: "admin", active: true });
    assert.deepEqual(user.with("admin", "gone")(), { role: "none", active: false });
    assert.throws(() => user.with("owner"), /Cannot use trait "owner": .* "admin", "gone"/);
  });

  it("refuses an unknown option, and to create without a table", async () => {
    assert.throws(() => createFactory({}, { tabel: "users" } as object), /no option "tabel"/);
    await assert.rejects(createFactory({ a: 1 }).create({} as Kysely<any>), /has no table/);
  });
});

onEveryDialect("create()", (dialect) => {
  it("inserts a row, what it is associated with, and gives back what the database has", async () => {
    const { db, close } = await dialect.open();
    try {
      const keyed = (table: string) =>
        db.schema.createTable(table).addColumn(
          "id",
          dialect.dialect === "postgres" ? "serial" : "integer",
          (column) =>
            dialect.dialect === "mysql" ? column.primaryKey().autoIncrement() : column.primaryKey(),
        );
      await keyed("orgs").addColumn("name", "varchar(100)").execute();
      await keyed("users").addColumn("org_id", "integer").addColumn("name", "varchar(100)")
        .addColumn("role", "varchar(100)", (column) => column.defaultTo("member")).execute();
      const seen: unknown[] = [];
      const orgs = createFactory({ name: "Acme" }, { table: "orgs" });
      const users = createFactory({
        org_id: association(orgs, (org) => Number(org["id"])),
        name: ({ sequence }) => `User ${sequence}`,
      }, { table: "users", afterCreate: (row) => void seen.push(row["role"]) });

      const user = await users.create(db);
      assert.deepEqual({ ...user }, { id: 1, org_id: 1, name: "User 1", role: "member" });
      await users.createMany(db, 2, { org_id: 1 });
      assert.equal(await countRows(db, "orgs"), 1);
      assert.deepEqual(seen, ["member", "member", "member"]);
      await assertRowExists(db, "users", { name: "User 3", org_id: 1 });
      await assert.rejects(
        assertRowExists(db, "users", { name: "secret" }),
        (error: Error) => /none of its 3 rows/.test(error.message) && !/secret/.test(error.message),
      );
    } finally {
      await close();
    }
  });
});

describe("createMany() and its like", () => {
  it("make many rows", () => {
    const user = createFactory({ name: "Test User" });
    assert.deepEqual(createMany(user, 2, (i) => ({ name: `${i}` })), [{ name: "0" }, {
      name: "1",
    }]);
    assert.deepEqual(createManyFactory(user)(1, { name: "A" }), [{ name: "A" }]);
    const numbered = createSequenceFactory((n) => ({ n }));
    assert.deepEqual([numbered(), numbered({ n: 9 }), numbered()], [{ n: 1 }, { n: 9 }, { n: 3 }]);
  });
});

describe("waitFor()", () => {
  it("waits until a condition holds", async () => {
    let looks = 0;
    await waitFor(() => ++looks === 3, { interval: 1 });
    assert.equal(looks, 3);
  });

  it("fails where it does not hold in time, where it throws, and where it is aborted", async () => {
    const never = () => false;
    await assert.rejects(waitFor(never, { timeout: 5, interval: 1 }), /within 5 ms/);
    await assert.rejects(waitFor(never, { timeout: 1, timeoutMessage: "late" }), {
      message: "late",
    });
    await assert.rejects(
      waitFor(() => {
        throw new Error("no");
      }),
      { message: "no" },
    );
    await assert.rejects(waitFor(never, { signal: AbortSignal.abort() }), { name: "AbortError" });
    await assert.rejects(waitFor(never, { timeOut: 5 } as object), /no option "timeOut"/);
  });
});
