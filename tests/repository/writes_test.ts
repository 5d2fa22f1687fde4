import assert from "node:assert/strict";
import { it } from "node:test";
import { BadRequestError, NotFoundError } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { createRepository, StaleRowError, UpsertConflictError } from "@kysera/repository";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, inWorld } from "./_world.ts";

const START = "1:Ada (2:Bob) 3:Cyd 4:D_n 5:null";
const HIDDEN = [2, 3, 99];

onEveryDialect("repository: writes", (dialect) => {
  it("create() gives the row with what the database added", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const fay = await people.create({ email: "fay@x.org", name: "Fay", deleted_at: null });
      assert.deepEqual({ ...fay }, {
        id: fay.id,
        email: "fay@x.org",
        name: "Fay",
        score: 7,
        tenant: 1,
        version: 1,
        deleted_at: null,
      });
      assert.ok(fay.id > 5);
      assert.deepEqual(await people.findById(fay.id), fay);
      const given = { id: 50, email: "gil@x.org", name: null, deleted_at: null };
      assert.equal((await people.create(given)).id, 50);
      // undefined is "not given"
      const hal = { email: "hal@x.org", name: "Hal", score: undefined, deleted_at: null };
      assert.equal((await people.create(hal as never)).score, 7);
      // Hidden from the moment it is there, it is given back once all the same.
      const ida = { id: 60, email: "ida@x.org", name: "Ida", deleted_at: "2026-02-02" };
      assert.equal((await people.create(ida)).name, "Ida");
      assert.equal(await people.findById(60), null);
    }));

  it("update() changes a visible row, and no other", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      const ada = await people.update(1, { name: "Ada L." });
      assert.equal(ada.name, "Ada L.");
      assert.equal(ada.email, "ada@x.org");
      // The same again: a row that was not changed is there for all that.
      assert.deepEqual(await people.update(1, { name: "Ada L." }), ada);
      assert.deepEqual(await people.update(1, {}), ada);
      for (const id of HIDDEN) {
        await assert.rejects(people.update(id, { name: "x" }), NotFoundError);
        await assert.rejects(people.update(id, {}), NotFoundError);
      }
      assert.equal(await all(), START.replace("Ada", "Ada L."));
      // What it hides itself is given back once.
      const gone = await people.update(4, { deleted_at: "2026-02-02" });
      assert.equal(gone.id, 4);
      assert.equal(gone.deleted_at, "2026-02-02");
      assert.equal(await people.findById(4), null);
      // The key itself
      assert.equal((await people.update(5, { id: 55 })).id, 55);
      assert.equal(await people.findById(5), null);
    }));

  it("delete() and bulkDelete() remove visible rows, and no others", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      for (const id of HIDDEN) assert.equal(await people.delete(id), false);
      assert.equal(await people.bulkDelete(HIDDEN), 0);
      assert.equal(await people.bulkDelete([]), 0);
      assert.equal(await all(), START);
      assert.equal(await people.delete(1), true);
      assert.equal(await people.delete(1), false);
      assert.equal(await people.bulkDelete([1, 2, 3, 4, 4, 5]), 2);
      assert.equal(await all(), "(2:Bob) 3:Cyd");
    }));

  it("updateWhere() and deleteWhere() respect visible rows, and refuse to mean all", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      const every = { score: { gt: 0 } };
      assert.equal(await people.updateWhere(every, { name: "x" }), 3);
      assert.equal(await all(), "1:x (2:Bob) 3:Cyd 4:x 5:x");
      assert.equal(await people.updateWhere({ or: [{ id: 3 }, { id: 2 }] }, { name: "y" }), 0);
      for (
        const where of [
          {},
          { and: [] },
          { id: { notIn: [] } },
          { not: { or: [] } },
          { or: [{ id: 1 }, { id: { notIn: [] } }] },
          { not: { id: { in: [] } } },
        ]
      ) {
        await assert.rejects(people.updateWhere(where, { name: "z" }), /every row/);
        await assert.rejects(people.deleteWhere(where), /every row/);
      }
      await assert.rejects(people.updateWhere({ id: 1 }, {}), /nothing is to be changed/);
      assert.equal(await people.deleteWhere({ id: { in: [] } }), 0);
      assert.equal(await people.deleteWhere({ or: [{ id: 1 }, { id: 2 }, { id: 3 }] }), 1);
      assert.equal(await all(), "(2:Bob) 3:Cyd 4:x 5:x");
    }));

  it("bulkCreate() adds thousands of rows in their order", () =>
    inWorld(dialect, async ({ executor, db }) => {
      const seats = createRepository(executor, {
        tableName: "seats",
        primaryKey: ["hall", "seat"],
      });
      const count = dialect.name === "pglite" ? 23_000 : 35_000;
      const inputs = Array.from({ length: count }, (_, i) => ({
        hall: i % 7,
        seat: `s${i}`,
        guest: i % 3 === 0 ? null : `g${i}`,
      }));
      const made = await seats.bulkCreate(inputs);
      assert.equal(made.length, count);
      for (const i of [0, 1, 999, 11_000, count - 1]) assert.deepEqual({ ...made[i] }, inputs[i]);
      assert.equal(await seats.count(), count);

      // All or nothing: the last one's key is taken.
      await db.deleteFrom("seats").where("hall", "!=", 0).execute();
      const rest = inputs.filter(({ hall }) => hall !== 0);
      const before = await seats.count();
      await assert.rejects(seats.bulkCreate([...rest, inputs[0]!]));
      assert.equal(await seats.count(), before);

      const keys = rest.slice(0, 1_000).map(({ hall, seat }) => ({ hall, seat }));
      await seats.bulkCreate(rest.slice(0, 1_000));
      assert.deepEqual(
        (await seats.findByIds(keys)).map(({ seat }) => seat),
        keys.map((k) => k.seat),
      );
      assert.equal(await seats.bulkDelete(keys), 1_000);
    }));

  it("bulkCreate() takes rows of different columns, and keys that the database makes", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      assert.deepEqual(await people.bulkCreate([]), []);
      const made = await people.bulkCreate([
        { email: "a", name: "A", deleted_at: null },
        { email: "b", name: "B", deleted_at: null, score: 70 },
        { name: "C", email: "c", deleted_at: null },
      ]);
      assert.deepEqual(made.map(({ name, score }) => `${name}${score}`), ["A7", "B70", "C7"]);
      assert.equal(new Set(made.map(({ id }) => id)).size, 3);
      for (const row of made) assert.deepEqual(await people.findById(row.id), row);
    }));

  it("bulkUpdate() changes all rows or none", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      const done = await people.bulkUpdate([
        { id: 4, data: { name: "Dan" } },
        { id: 1, data: { name: "Ida" } },
      ]);
      assert.deepEqual(done.map(({ name }) => name), ["Dan", "Ida"]);
      const now = "1:Ida (2:Bob) 3:Cyd 4:Dan 5:null";
      assert.equal(await all(), now);
      for (const id of HIDDEN) {
        await assert.rejects(
          people.bulkUpdate([{ id: 1, data: { name: "x" } }, { id, data: { name: "x" } }]),
          NotFoundError,
        );
      }
      assert.equal(await all(), now);
      // @ts-expect-error: there is no such key
      await assert.rejects(people.bulkUpdate([{ id: 1, date: {} }]), BadRequestError);
    }));

  it("upsert() adds a row or changes it, and never one that is hidden", () =>
    inWorld(dialect, async ({ executor, people: all, db }) => {
      const people = createRepository(executor, { tableName: "people" });
      const by = { conflictColumns: ["email"] } as const;
      const row = (email: string, name: string) => ({ email, name, deleted_at: null });
      const fay = await people.upsert(row("fay@x.org", "Fay"), by);
      assert.equal(fay.score, 7);
      const again = await people.upsert(row("fay@x.org", "Fay II"), by);
      assert.deepEqual({ ...again }, { ...fay, name: "Fay II" });
      const same = await people.upsert(row("fay@x.org", "no"), { ...by, updateColumns: [] });
      assert.deepEqual(same, again);
      await people.delete(fay.id);
      for (const email of ["bob@x.org", "cyd@x.org"]) {
        await assert.rejects(people.upsert(row(email, "x"), by), UpsertConflictError);
      }
      assert.equal(await all(), START);
      const three = { id: 3, email: "new@x.org", name: "x", deleted_at: null };
      await assert.rejects(people.upsert(three, { conflictColumns: ["id"] }), UpsertConflictError);
      // Another unique key than the one that was named is the database's own error.
      await assert.rejects(
        people.upsert({ ...three, id: 70, email: "ada@x.org" }, { conflictColumns: ["id"] }),
      );
      assert.equal(await all(), START);
      for (
        const options of [
          { conflictColumns: [] },
          { conflictColumns: ["score"] },
          { conflictColumns: "email" },
          { ...by, updateColumns: ["score"] },
          { ...by, update: ["name"] },
        ]
      ) {
        await assert.rejects(people.upsert(row("z", "z"), options as never), BadRequestError);
      }
      const seats = createRepository(executor, {
        tableName: "seats",
        primaryKey: ["hall", "seat"],
      });
      const seat = { hall: 1, seat: "a", guest: "Ada" };
      const key = { conflictColumns: ["hall", "seat"] } as const;
      assert.deepEqual({ ...await seats.upsert(seat, key) }, seat);
      const other = { ...seat, guest: "Bob" };
      assert.deepEqual({ ...await seats.upsert(other, key) }, other);
      assert.equal((await db.selectFrom("seats").selectAll().execute()).length, 1);
    }));

  it("a version column keeps updates from undoing each other", () =>
    inWorld(dialect, async ({ executor, db }) => {
      const people = createRepository(executor, { tableName: "people", versionColumn: "version" });
      const made = await people.create({ email: "v@x.org", name: "V", deleted_at: null });
      assert.equal(made.version, 1);
      const two = await people.update(made.id, { name: "W" }, { version: 1 });
      assert.equal(two.version, 2);
      await assert.rejects(people.update(made.id, { name: "X" }, { version: 1 }), StaleRowError);
      // The version that was read with the row does as well.
      await assert.rejects(people.update(made.id, { name: "X", version: 1 }), StaleRowError);
      assert.equal((await people.update(made.id, { ...two, name: "Y" })).version, 3);
      assert.equal((await people.update(made.id, { name: "Z" })).version, 4);
      for (const id of HIDDEN) {
        await assert.rejects(people.update(id, { name: "x" }, { version: 1 }), NotFoundError);
      }
      await assert.rejects(
        people.bulkUpdate([{ id: 1, data: { name: "q" } }, { id: 4, data: {}, version: 9 }]),
        StaleRowError,
      );
      assert.equal(await people.updateWhere({ id: made.id }, { name: "0" }), 1);
      assert.equal((await people.getById(made.id)).version, 5);
      const up = { id: made.id, email: "v@x.org", name: "U", deleted_at: null };
      assert.equal((await people.upsert(up, { conflictColumns: ["id"] })).version, 6);
      await assert.rejects(people.updateWhere({ id: 1 }, { version: 9 }), /version/);
      assert.equal((await people.getById(1)).version, 1);
      const plain = createRepository(executor, { tableName: "people" });
      await assert.rejects(plain.update(1, {}, { version: 1 }), /no versionColumn/);
      // @ts-expect-error: there is no such option
      await assert.rejects(plain.update(1, {}, { vresion: 1 }), /no option/);
      assert.ok(db);
    }));

  it("reserved names are refused as columns, and nothing is polluted", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      const evil = JSON.parse('{"email":"e","name":"e","__proto__":{"polluted":1}}');
      for (const input of [evil, { constructor: 1 }, { prototype: 1 }]) {
        await assert.rejects(people.create(input as never), /reserved/);
        await assert.rejects(people.update(1, input as never), /reserved/);
        await assert.rejects(people.updateWhere({ id: 1 }, input as never), /reserved/);
        await assert.rejects(people.bulkCreate([input as never]), /reserved/);
        await assert.rejects(people.bulkUpdate([{ id: 1, data: input as never }]), /reserved/);
        await assert.rejects(
          people.upsert(input as never, { conflictColumns: ["email"] }),
          /reserved/,
        );
      }
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
      for (const input of [null, undefined, 1, "x", [1], () => {}]) {
        await assert.rejects(people.create(input as never), BadRequestError);
        await assert.rejects(people.update(1, input as never), BadRequestError);
      }
      for (const list of [null, undefined, {}, "x"]) {
        await assert.rejects(people.bulkCreate(list as never), BadRequestError);
        await assert.rejects(people.bulkUpdate(list as never), BadRequestError);
        await assert.rejects(people.bulkDelete(list as never), BadRequestError);
      }
      assert.equal(await all(), START);
    }));

  it("an empty row is one of defaults", () =>
    inWorld(dialect, async ({ db }) => {
      await db.schema.createTable("marks")
        .addColumn(
          "id",
          dialect.dialect === "postgres" ? "serial" : "integer",
          (c) => dialect.dialect === "mysql" ? c.primaryKey().autoIncrement() : c.primaryKey(),
        )
        .addColumn("n", "integer", (c) => c.defaultTo(3)).execute();
      const marks = createRepository(db as never, { tableName: "marks" as never });
      const made = await marks.create({} as never) as { n: number };
      assert.equal(made.n, 3);
      assert.equal((await marks.bulkCreate([{}, {}] as never)).length, 2);
      assert.equal(await marks.count(), 3);
    }));

  it("keys may be composite, texts and big numbers", () =>
    inWorld(dialect, async ({ executor }) => {
      const seats = createRepository(executor, {
        tableName: "seats",
        primaryKey: ["hall", "seat"],
      });
      await seats.bulkCreate([
        { hall: 1, seat: "a", guest: null },
        { hall: 1, seat: "b", guest: null },
        { hall: 2, seat: "a", guest: null },
      ]);
      const key = { hall: 1, seat: "b" };
      assert.deepEqual({ ...await seats.update(key, { guest: "Ada" }) }, { ...key, guest: "Ada" });
      assert.equal((await seats.findById(key))?.guest, "Ada");
      assert.equal(await seats.count({ where: { guest: null } }), 2);
      assert.equal(await seats.delete({ hall: 2, seat: "b" }), false);
      assert.equal(await seats.delete(key), true);
      // @ts-expect-error: a column of the key is missing
      await assert.rejects(seats.findById({ hall: 1 }), BadRequestError);
      // @ts-expect-error: it is not an object of columns
      await assert.rejects(seats.findById(1), BadRequestError);
      await assert.rejects(seats.findById(null as never), BadRequestError);

      const tokens = createRepository(executor, { tableName: "tokens", primaryKey: "token" });
      const token = "0b0e7c1e-6a3f-4c3b-9a50-0123456789ab";
      await tokens.create({ token, note: "x" });
      assert.equal((await tokens.findById(token))?.note, "x");
      // On PostgreSQL a uuid is the same in capital letters, and MySQL sees no letter case at all.
      const found = await tokens.findByIds([token.toUpperCase()]);
      assert.equal(found.length, dialect.name === "sqlite" ? 0 : 1);

      const counters = createRepository(executor, { tableName: "counters" });
      // mysql2 gives numbers as long as it is not told otherwise.
      const big = dialect.name === "mysql" ? 2n ** 52n : 9_007_199_254_740_993n;
      await counters.create({ id: big, n: 1 });
      assert.equal((await counters.update(big, { n: 2 })).n, 2);
      assert.equal(String((await counters.findById(big))?.id), String(big));
      assert.equal(await counters.findById(big - 1n), null);
      assert.equal((await counters.findByIds([big]))[0]?.n, 2);

      const people = createRepository(executor, { tableName: "people" });
      for (const id of [undefined, null, NaN, {}, { name: 1 }, [1]]) {
        await assert.rejects(people.findById(id as never), BadRequestError, JSON.stringify(id));
        await assert.rejects(people.delete(id as never), BadRequestError);
        await assert.rejects(people.update(id as never, {}), BadRequestError);
        await assert.rejects(people.bulkDelete([1, id as never]), BadRequestError);
        await assert.rejects(people.findByIds([id as never]), BadRequestError);
        await assert.rejects(people.loader().load(id as never), BadRequestError);
      }
      assert.equal((await people.findById({ id: 1 } as never))?.id, 1);
    }));

  it("values pass through codecs both ways, and rows through mapRow", () =>
    inWorld(dialect, async ({ executor, db }) => {
      const json = { encode: JSON.stringify, decode: (text: string): unknown => JSON.parse(text) };
      const tokens = createRepository(executor, {
        tableName: "tokens",
        primaryKey: "token",
        codecs: { note: json },
        mapRow: ({ token, note }) => ({ key: token, note: note as unknown }),
      });
      const token = "0b0e7c1e-6a3f-4c3b-9a50-0123456789ab";
      const note = { a: [1, { kind: "RawNode" }] };
      const made = await tokens.create({ token, note: note as never });
      assert.deepEqual(made, { key: token, note });
      assert.deepEqual(await tokens.findById(token), { key: token, note });
      assert.equal((await tokens.find({ where: { note: { eq: note as never } } })).length, 1);
      const stored = await db.selectFrom("tokens").select("note").executeTakeFirstOrThrow();
      assert.equal(stored.note, JSON.stringify(note));
      assert.deepEqual((await tokens.update(token, { note: null })).note, null);
      assert.deepEqual((await tokens.bulkCreate([])).length, 0);
    }));

  it("a value that the driver would make SQL of is refused on MySQL", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      if (dialect.name !== "mysql") return;
      const people = createRepository(executor, { tableName: "people" });
      const object = { id: 1 } as never;
      const isRight = /would make SQL/;
      await assert.rejects(people.find({ where: { name: { eq: object } } }), isRight);
      await assert.rejects(people.updateWhere({ name: { eq: object } }, { name: "x" }), isRight);
      await assert.rejects(people.update(1, { score: object }), isRight);
      assert.equal(await all(), START);
    }));

  it("nothing is written round the plugins, whatever the method", () =>
    inWorld(dialect, async ({ executor, db }) => {
      const people = createRepository(executor, { tableName: "people" });
      const hidden = async (): Promise<unknown> =>
        await db.selectFrom("people").selectAll().where("id", "in", [2, 3]).orderBy("id").execute();
      const before = await hidden();
      const settle = (work: Promise<unknown>): Promise<void> => work.then(() => {}, () => {});
      for (const id of [2, 3]) {
        await settle(people.update(id, { name: "x" }));
        await settle(people.delete(id));
        await settle(people.bulkUpdate([{ id, data: { name: "x" } }]));
        await settle(people.bulkDelete([id]));
        await settle(people.updateWhere({ id }, { name: "x" }));
        await settle(people.deleteWhere({ id }));
        await settle(people.upsert(
          { id, email: `n${id}`, name: "x", deleted_at: null },
          { conflictColumns: ["id"] },
        ));
        await settle(people.transaction((_, inside) => inside.update(id, { name: "x" })));
      }
      // Of another tenant nothing is done by the methods of soft delete either.
      for (const act of ["softDelete", "restore", "hardDelete"] as const) {
        assert.equal(await people[act](3), false);
        assert.equal(await people[`${act}Many`]([3]), 0);
      }
      assert.equal(await people.findWithDeleted(3), null);
      assert.deepEqual((await people.findDeleted()).map(({ id }) => id), [2]);
      assert.equal((await people.findAllWithDeleted()).length, 4);
      assert.deepEqual(await hidden(), before);
      assert.equal(
        (await getRawDb<Database>(executor).selectFrom("people").selectAll().execute()).length,
        5,
      );
    }));

  it("soft delete's methods mark, restore and remove", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      assert.equal(await people.softDelete(1), true);
      assert.equal(await people.softDelete(1), false);
      assert.equal(await people.findById(1), null);
      assert.equal((await people.findWithDeleted(1))?.name, "Ada");
      assert.deepEqual((await people.findDeleted()).map(({ id }) => id).sort(), [1, 2]);
      assert.equal(await people.restore(1), true);
      assert.equal(await people.restore(1), false);
      assert.equal(await people.softDeleteMany([1, 4, 2, 3]), 2);
      assert.equal(await people.restoreMany([1, 2, 3]), 2);
      assert.equal(await all(), "1:Ada 2:Bob 3:Cyd (4:D_n) 5:null");
      assert.equal(await people.hardDelete(4), true);
      assert.equal(await people.hardDeleteMany([1, 2, 3]), 2);
      assert.equal(await people.softDeleteMany([]), 0);
      assert.equal(await all(), "3:Cyd 5:null");
      await assert.rejects(people.softDelete(undefined as never), BadRequestError);
      await assert.rejects(people.softDeleteMany(1 as never), /not a list/);
      const tokens = createRepository(executor, { tableName: "tokens", primaryKey: "token" });
      await assert.rejects(tokens.softDelete("x"), /soft delete does not apply/);
    }));
});
