import assert from "node:assert/strict";
import { it } from "node:test";
import { BadRequestError } from "@kysera/core";
import { CheckRefusedError, createExecutor, type Plugin } from "@kysera/executor";
import {
  atomicStatusTransition,
  createRepository,
  MultipleRowsError,
  upsert,
  UpsertConflictError,
  upsertMany,
} from "@kysera/repository";
import { onEveryDialect } from "../support/matrix.ts";
import { inWorld } from "./_world.ts";

const START = "1:Ada (2:Bob) 3:Cyd 4:D_n 5:null";
const conflictColumns = ["email"] as const;
const row = (email: string, name: string) => ({ email, name, deleted_at: null });

onEveryDialect("repository: upserts", (dialect) => {
  it("upsertMany() adds and changes, in the order of the input", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      const made = await people.upsertMany(
        [row("fay@x.org", "Fay"), row("ada@x.org", "Ada L."), row("fay@x.org", "Fay M.")],
        { conflictColumns },
      );
      assert.deepEqual(made.map(({ name }) => name), ["Fay", "Ada L.", "Fay M."]);
      assert.equal(made[0]?.id, made[2]?.id);
      assert.equal(made[1]?.id, 1);
      assert.equal(made[1]?.score, 10);
      assert.deepEqual(await people.upsertMany([], { conflictColumns }), []);
      const ids = await all();
      assert.ok(ids.startsWith("1:Ada L. (2:Bob) 3:Cyd 4:D_n 5:null "));
      assert.ok(ids.endsWith(":Fay M."));
      assert.equal(await people.count(), 4);
    }));

  it("upsertMany() of rows with other columns changes what each has", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const made = await people.upsertMany(
        [{ ...row("ada@x.org", "A"), score: 1 }, row("dan@x.org", "D")],
        { conflictColumns, updateColumns: ["name"] },
      );
      assert.deepEqual(made.map(({ name, score }) => [name, score]), [["A", 10], ["D", 40]]);
      for (const options of [{ conflictColumns: [] }, { conflictColumns: ["nope"] }, {}]) {
        await assert.rejects(people.upsertMany([row("a", "b")], options as never), BadRequestError);
      }
      await assert.rejects(people.upsertMany({} as never, { conflictColumns }), BadRequestError);
    }));

  it("upsertMany() changes no hidden row, and then none at all", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      for (const hidden of ["bob@x.org", "cyd@x.org"]) {
        await assert.rejects(
          people.upsertMany([row("ada@x.org", "x"), row(hidden, "x"), row("new@x.org", "x")], {
            conflictColumns,
          }),
          UpsertConflictError,
        );
      }
      assert.equal(await all(), START);
    }));

  it("many upserts of one key at the same time all succeed", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people", versionColumn: "version" });
      for (const email of ["fay@x.org", "gil@x.org"]) {
        const done = await Promise.all(
          Array.from(
            { length: 8 },
            (_, i) => people.upsert(row(email, `${i}`), { conflictColumns }),
          ),
        );
        assert.equal(new Set(done.map(({ id }) => id)).size, 1);
        const last = await people.findOneOrThrow({ where: { email } });
        assert.equal(last.version, 8);
      }
      const seats = createRepository(executor, {
        tableName: "seats",
        primaryKey: ["hall", "seat"],
      });
      await Promise.all(Array.from({ length: 8 }, (_, i) =>
        seats.upsertMany(
          [0, 1].map((n) => ({ hall: 1, seat: `s${(i + n) % 3}`, guest: `${i}` })),
          { conflictColumns: ["hall", "seat"] },
        )));
      assert.equal(await seats.count(), 3);
    }));

  it("upsertMany() of a thousand rows", () =>
    inWorld(dialect, async ({ executor }) => {
      const seats = createRepository(executor, {
        tableName: "seats",
        primaryKey: ["hall", "seat"],
      });
      const inputs = (guest: string) =>
        Array.from({ length: 300 }, (_, i) => ({ hall: i % 7, seat: `s${i}`, guest }));
      const options = { conflictColumns: ["hall", "seat"] } as const;
      await seats.upsertMany(inputs("a"), options);
      const made = await seats.upsertMany(inputs("b"), options);
      assert.equal(made.length, 300);
      assert.deepEqual({ ...made[299] }, inputs("b")[299]);
      assert.equal(await seats.count(), 300);
      assert.equal(await seats.count({ where: { guest: "b" } }), 300);
    }));

  it("upsert() and upsertMany() work on a table, without a repository", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const ada = row("ada@x.org", "Ada L.");
      assert.equal(await upsert(executor, "people", ada, { conflictColumns }), undefined);
      const again = await upsert(executor, "people", ada, { conflictColumns, returning: true });
      assert.equal(again?.id, 1);
      assert.equal(again?.name, "Ada L.");
      assert.deepEqual(
        await upsertMany(executor, "people", [row("dan@x.org", "Dan")], { conflictColumns }),
        [],
      );
      const [dan] = await upsertMany(executor, "people", [row("dan@x.org", "Dan M.")], {
        conflictColumns,
        returning: true,
      });
      assert.equal(dan?.id, 4);
      assert.equal(await all(), "1:Ada L. (2:Bob) 3:Cyd 4:Dan M. 5:null");
      const made = await upsert(executor, "people", row("fay@x.org", "Fay"), {
        conflictColumns,
        returning: true,
      });
      assert.equal(made?.score, 7);
      await assert.rejects(
        upsert(executor, "people", row("bob@x.org", "x"), { conflictColumns }),
        UpsertConflictError,
      );
      await assert.rejects(
        upsert(executor, "people", ada, { conflictColumns, sync: true } as never),
        BadRequestError,
      );
      await executor.transaction().execute(async (trx) => {
        await upsert(trx, "people", row("ada@x.org", "x"), { conflictColumns });
        throw new Error("undo");
      }).catch(() => {});
      assert.equal(
        (await executor.selectFrom("people").select("name").where("id", "=", 1)
          .executeTakeFirst())?.name,
        "Ada L.",
      );
    }));

  it("rows that a plugin checks are upserted, and refused", () =>
    inWorld(dialect, async ({ db, people: all }) => {
      const named: Plugin = {
        name: "named",
        version: "1.0.0",
        check: ({ table }) =>
          table === "people"
            ? { columns: ["name"], satisfied: ({ name }) => name !== "odd", says: "no odd names" }
            : undefined,
      };
      const people = createRepository(await createExecutor(db, [named]), { tableName: "people" });
      const options = { conflictColumns };
      assert.equal((await people.upsert(row("ada@x.org", "Ada L."), options)).id, 1);
      assert.equal(
        (await people.upsertMany([row("ada@x.org", "A"), row("f@x.org", "F")], options))
          .length,
        2,
      );
      await assert.rejects(people.upsert(row("ada@x.org", "odd"), options), CheckRefusedError);
      await assert.rejects(
        people.upsertMany([row("ada@x.org", "B"), row("g@x.org", "odd")], options),
        CheckRefusedError,
      );
      assert.match(await all(), /^1:A \(2/);
    }));

  it("atomicStatusTransition() changes a row that has the status, once", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const options = {
        statusColumn: "name",
        fromStatus: ["Ada", "Bob", "Cyd"],
        toStatus: "Z",
      } as const;
      const to = (id: number) => atomicStatusTransition(executor, "people", { id }, options);
      const ada = await to(1);
      assert.equal(ada?.name, "Z");
      assert.equal(ada?.email, "ada@x.org");
      for (const id of [1, 2, 3, 4, 5, 99]) assert.equal(await to(id), null);
      assert.equal(await all(), START.replace("Ada", "Z"));
      assert.equal(
        await atomicStatusTransition(executor, "people", { id: 5 }, {
          statusColumn: "name",
          fromStatus: null,
          toStatus: "Eve",
          additionalUpdates: { score: 51 },
          returning: false,
        }),
        true,
      );
      assert.equal(
        (await executor.selectFrom("people").select("score").where("id", "=", 5)
          .executeTakeFirst())?.score,
        51,
      );
      await assert.rejects(
        atomicStatusTransition(executor, "people", { id: { in: [1, 4] } }, {
          statusColumn: "tenant",
          fromStatus: 1,
          toStatus: 2,
        }),
        MultipleRowsError,
      );
      for (
        const wrong of [{ toStatus: "a" }, { fromStatus: [], toStatus: "a" }, { from: 1 }, null]
      ) {
        await assert.rejects(
          atomicStatusTransition(executor, "people", { id: 1 }, wrong as never),
          BadRequestError,
        );
      }
      assert.equal(await all(), "1:Z (2:Bob) 3:Cyd 4:D_n 5:Eve");
      // Of several callers one succeeds.
      const tries = await Promise.all(
        [1, 2, 3, 4].map((n) =>
          atomicStatusTransition(executor, "people", { id: 4 }, {
            statusColumn: "score",
            fromStatus: 40,
            toStatus: 40 + n,
          })
        ),
      );
      assert.equal(tries.filter((each) => each !== null).length, 1);
    }));
}, ["sqlite", "postgres", "mysql"]);
