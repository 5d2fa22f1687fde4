/** The log, done again, gives the tables: under random writes, errors, rollbacks and other writers. */
import { AuditConflictError } from "@kysera/audit";
import { parseDatabaseError } from "@kysera/core";
import type { Kysely } from "kysely";
import fc from "fast-check";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { fuzzProperty } from "../support/random.ts";
import { State } from "./_fold.ts";
import { openWorld, type World } from "./_world.ts";

const TABLES = ["people", "notes", "loose"];
const RUNS: Readonly<Record<TestDialect["name"], number>> = {
  sqlite: 40,
  pglite: 6,
  postgres: 8,
  mysql: 8,
};

const small = fc.integer({ min: 0, max: 6 });
const text = fc.constantFrom<string[]>("ada@x", "bob@x", "new@x", "p", "q");
const step = fc.record({
  kind: fc.constantFrom(
    "insert",
    "insertMany",
    "update",
    "updateKey",
    "updateJoined",
    "delete",
    "deleteNotes",
    "upsert",
    "replace",
    "ignore",
    "copy",
    "loose",
    "clear",
    "mark",
    "swap",
  ),
  a: small,
  b: small,
  t: text,
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const batch = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  how: fc.constantFrom("alone", "transaction", "rollback", "savepoint"),
});

/** One random write; some of them break a constraint. */
async function run(db: Kysely<any>, { kind, a, b, t }: Step, dialect: TestDialect): Promise<void> {
  const is = dialect.dialect;
  switch (kind) {
    case "insert":
      await db.insertInto("people").values({ email: t, name: t }).execute();
      break;
    case "insertMany":
      await db.insertInto("notes").values([{ owner: a, place: b, text: t }, {
        owner: b,
        place: a,
        text: t,
      }]).execute();
      break;
    case "update":
      await db.updateTable("people").set((eb) => ({ age: eb("age", "+", b), name: t }))
        .where("id", ">", a).execute();
      break;
    case "updateKey":
      await db.updateTable("notes").set({ place: b }).where("owner", "=", a).execute();
      break;
    case "swap":
      await db.updateTable("notes").set((eb) => ({ place: eb("place", "+", 1) }))
        .where("owner", "<=", a).execute();
      break;
    case "updateJoined":
      if (is === "mysql") {
        await db.updateTable(["people", "notes"]).set({ name: t, text: t })
          .whereRef("notes.owner", "=", "people.id").execute();
      } else {
        await db.updateTable("people").from("notes").set({ name: t })
          .whereRef("notes.owner", "=", "people.id").where("notes.place", ">=", a).execute();
      }
      break;
    case "delete":
      await db.deleteFrom("people").where("id", "=", a).execute();
      break;
    case "deleteNotes":
      await db.deleteFrom("notes").where("place", ">", a).execute();
      break;
    case "upsert": {
      const rows = [{ email: t, name: `up${b}` }, { email: `n${a}`, name: "up" }];
      const insert = db.insertInto("people").values(rows);
      await (is === "mysql"
        ? insert.onDuplicateKeyUpdate({ name: `up${b}` })
        : insert.onConflict((oc) =>
          oc.column("email").doUpdateSet((eb) => ({
            name: eb.ref("excluded.name"),
            age: eb("people.age", "+", 1),
          }))
        )).execute();
      break;
    }
    case "replace":
      if (is === "postgres") break;
      await db.replaceInto("people").values({ id: a + 1, email: t, name: "r" }).execute();
      break;
    case "ignore": {
      const insert = db.insertInto("notes").values([
        { owner: a, place: b, text: "i" },
        { owner: 1, place: 1, text: "i" },
      ]);
      await (is === "mysql" ? insert.ignore() : insert.onConflict((oc) => oc.doNothing()))
        .execute();
      break;
    }
    case "copy":
      await db.insertInto("loose").columns(["a", "b"])
        .expression(db.selectFrom("notes").select(["owner", "text"]).where("place", ">", a))
        .execute();
      break;
    case "loose":
      if (is === "mysql") break;
      await db.updateTable("loose").set({ b: t }).where("a", ">", a).execute();
      break;
    case "clear":
      await db.deleteFrom("loose").where("a", "=", a).execute();
      break;
    default:
      await db.updateTable("people").set({ deleted_at: a > 3 ? t : null }).where("id", "<", b)
        .execute();
  }
}

/** Several of them, at random alone, in a transaction, in one that is rolled back, or in part. */
async function runBatch(
  { executor }: World,
  { steps, how }: { steps: readonly Step[]; how: string },
  dialect: TestDialect,
): Promise<void> {
  const any: Kysely<any> = executor;
  if (how === "alone") {
    for (const each of steps) await run(any, each, dialect).catch(() => {});
    return;
  }
  const trx = await any.startTransaction().execute();
  try {
    for (const [i, each] of steps.entries()) {
      // What fails or is rolled back leaves nothing; on PostgreSQL a savepoint must be gone back to.
      const point = await trx.savepoint(`p${i}`).execute();
      const failed = await run(point, each, dialect).then(() => false, () => true);
      if (failed || (how === "savepoint" && i % 2 === 0)) {
        await point.rollbackToSavepoint(`p${i}` as never).execute();
      }
    }
    await (how === "rollback" ? trx.rollback() : trx.commit()).execute();
  } catch (error) {
    await trx.rollback().execute().catch(() => {});
    throw error;
  }
}

/** What writes the log. */
const MODES = ["statement", "trigger"] as const;

onEveryDialect("the log", (dialect) => {
  it("tells all that happened to the tables, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), async (batches) => {
        const mode = batches.length % 2 === 0 ? "statement" : "trigger";
        const hashChain = mode === "statement" && batches.length % 4 === 0;
        const world = await openWorld(dialect, { mode, hashChain });
        try {
          const before = await State.of(world.db, TABLES);
          for (const each of batches) await runBatch(world, each, dialect);
          const told = before.fold(await world.entries());
          assert.deepEqual(told.list(), (await State.of(world.db, TABLES)).list());
        } finally {
          await world.close();
        }
      }),
      fuzzProperty(RUNS[dialect.name]),
    );
  });
});

const eightWriters = (mode: typeof MODES[number]) => (dialect: TestDialect): void => {
  it("tells all that happened, each row's changes in their order", async () => {
    const world = await openWorld(dialect, { mode }, { open: { connections: 8 } });
    try {
      const before = await State.of(world.db, ["people", "notes"]);
      const kinds = ["update", "delete", "upsert", "insertMany", "ignore", "updateKey", "mark"];
      const write = async (seed: number): Promise<void> => {
        for (let i = 0; i < 8; i++) {
          const n = seed * 31 + i * 7;
          const each: Step = {
            // The kinds are those of the property above.
            kind: kinds[n % kinds.length] as Step["kind"],
            a: n % 5,
            b: (n >> 1) % 5,
            t: ["ada@x", "bob@x", "new@x"][n % 3]!,
          };
          const once = (): Promise<void> =>
            i % 2 === 0
              ? run(world.executor, each, dialect)
              : world.executor.transaction().execute(async (trx) => {
                await run(trx, each, dialect);
                await run(trx, { ...each, kind: "update" }, dialect);
              });
          // Deadlocks, and keys that another writer took, are the database's business.
          await once().catch((error) => {
            if (error instanceof AuditConflictError) return;
            assert.notEqual(parseDatabaseError(error, dialect.dialect).code, "DB_UNKNOWN", error);
          });
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, seed) => write(seed)));
      const told = before.fold(
        (await world.entries()).filter(({ table_name }) => table_name !== "loose"),
      );
      const now = await State.of(world.db, ["people", "notes"]);
      assert.deepEqual(told.list(), now.list());
    } finally {
      await world.close();
    }
  });

  it("tells the version of a row that was really changed", async () => {
    const world = await openWorld(dialect, { mode }, { open: { connections: 8 } });
    try {
      const { executor, db, entries } = world;
      const add = (): Promise<unknown> =>
        executor.updateTable("people").set((eb) => ({ age: eb("age", "+", 1) }))
          .where("id", "=", 1).execute();
      await Promise.all(Array.from({ length: 40 }, add));
      const steps = (await entries()).map(({ old_values, new_values }) => [
        old_values!.age,
        new_values!.age,
      ]);
      assert.deepEqual(steps, Array.from({ length: 40 }, (_, i) => [36 + i, 37 + i]));
      const { age } = await db.selectFrom("people").select("age").where("id", "=", 1)
        .executeTakeFirstOrThrow();
      assert.equal(age, 76);
    } finally {
      await world.close();
    }
  });

  it("follows a row whose key changes meanwhile", async () => {
    if (dialect.dialect === "mysql") return;
    const world = await openWorld(dialect, { mode }, { open: { connections: 4 } });
    try {
      const { executor, db, entries } = world;
      await executor.deleteFrom("notes").where("owner", "=", -1).execute();
      const other = await db.startTransaction().execute();
      await other.updateTable("notes").set({ place: 9 }).where("owner", "=", 2).execute();
      // Waits for the other, which then has moved the row that it has seen.
      const waiting = executor.updateTable("notes").set({ text: "followed" })
        .where("owner", "=", 2).execute();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await other.commit().execute();
      assert.equal((await waiting)[0]!.numUpdatedRows, 1n);
      const entry = (await entries()).at(-1);
      assert.equal(entry!.entity_id, "[2,9]");
      assert.deepEqual(entry!.old_values, { owner: 2, place: 9, text: "three" });
    } finally {
      await world.close();
    }
  });

  it("knows a row that another writer inserts while an upsert waits for it", async () => {
    if (dialect.dialect === "mysql") return;
    const world = await openWorld(dialect, { mode }, { open: { connections: 4 } });
    try {
      const { executor, db, entries } = world;
      const upsert = (handle: Kysely<any>): Promise<unknown> =>
        handle.insertInto("people").values({ email: "both@x", name: "second" })
          .onConflict((oc) =>
            oc.column("email").doUpdateSet((eb) => ({ name: eb.ref("excluded.name") }))
          ).execute();
      const meeting = async (handle: Kysely<any>): Promise<PromiseSettledResult<unknown>> => {
        const other = await db.startTransaction().execute();
        await other.insertInto("people").values({ email: "both@x", name: "first" } as never)
          .execute();
        const waiting = Promise.allSettled([upsert(handle)]);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await other.commit().execute();
        return (await waiting)[0]!;
      };
      assert.equal((await meeting(executor)).status, "fulfilled");
      const entry = (await entries()).at(-1);
      assert.deepEqual([entry!.operation, entry!.old_values!.name, entry!.new_values!.name], [
        "UPDATE",
        "first",
        "second",
      ]);
      await executor.deleteFrom("people").where("email", "=", "both@x").execute();
      const trx = await (executor as Kysely<any>).startTransaction().execute();
      const met = await meeting(trx);
      await trx.rollback().execute();
      // In a transaction it cannot be run again by itself, where the statement cannot tell the old row.
      const tells = mode === "trigger" || dialect.lacks("OLD in RETURNING") === undefined;
      if (tells) assert.equal(met.status, "fulfilled");
      else assert.ok(met.status === "rejected" && met.reason instanceof AuditConflictError);
      const { name } = await db.selectFrom("people").select("name").where("email", "=", "both@x")
        .executeTakeFirstOrThrow();
      assert.equal(name, "first");
    } finally {
      await world.close();
    }
  });
};

for (const mode of MODES) {
  const title = `the log of eight writers at once, by ${mode}`;
  onEveryDialect(title, eightWriters(mode), ["postgres", "mysql"]);
}
