/**
 * Queries that are built each time and differ in their values only: the statement that writes one of
 * them down serves the others. Each entry must have the values of its own query.
 */
import type { Plugin } from "@kysera/executor";
import { expressionBuilder, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, openWorld, type World } from "./_world.ts";

type Db = Kysely<Database>;
type Write = (db: Db, n: number) => Promise<unknown>;

const eb = expressionBuilder<Database, "people">();
/** Values that no two rounds have in common, in the types of the columns; once there is NULL. */
const name = (n: number): string | null => n === 3 ? null : `name ${n}`;

const WRITES: Readonly<Record<string, Write>> = {
  "an update by its key": (db, n) =>
    db.updateTable("people").set({ name: name(n), age: n }).where("id", "=", 1 + n % 3).execute(),
  "an update with one value in two places": (db, n) => {
    // In some rounds both places have one node, in others two of different values.
    const one = eb.val(n % 2 === 0 ? 100 + n : 200 + n);
    const other = n % 2 === 0 ? one : eb.val(300 + n);
    return db.updateTable("people").set({ age: eb(eb("id", "+", one), "+", other) })
      .where("id", "=", 2).execute();
  },
  "an update of what a list says": (db, n) =>
    db.updateTable("people").set({
      email: sql<string>`concat('mail ', id, cast(${` ${n}`} as char(20)))`,
    })
      .where("id", "in", [1 + n % 3, 1 + (n + 1) % 3]).execute(),
  "an insert of rows": (db, n) =>
    db.insertInto("notes").values([
      { owner: 10 + n, place: 1, text: name(n) },
      { owner: 10 + n, place: 2, text: `b ${n}` },
    ]).execute(),
  "an insert of a select": (db, n) =>
    db.insertInto("notes").columns(["owner", "place", "text"])
      .expression((from) =>
        from.selectFrom("people").select((eb) => [
          eb.val(50 + n).as("owner"),
          "id",
          "name",
        ]).where("id", "<=", n)
      ).execute(),
  "a delete": (db, n) => db.deleteFrom("notes").where("owner", "=", 9 + n).execute(),
};

onEveryDialect("audited queries of one SQL", (dialect) => {
  async function check(world: World, db: Db): Promise<void> {
    for (const [title, write] of Object.entries(WRITES)) {
      for (let n = 1; n <= 6; n++) {
        const before = await tables(world.db);
        await world.clear();
        await write(db, n);
        const after = await tables(world.db);
        const entries = await world.entries();
        assert.deepEqual(told(entries), difference(before, after), `${title}, ${n}`);
        assert.ok(entries.every(({ changed_by }) => changed_by === "me"), `${title}, ${n}`);
      }
    }
  }

  for (const mode of ["statement", "trigger"] as const) {
    const options = { mode, getUserId: () => "me" };

    it(`have entries of their own values each, by ${mode}`, async () => {
      const world = await openWorld(dialect, options);
      try {
        await check(world, world.executor);
      } finally {
        await world.close();
      }
    });

    it(`have so where a plugin below makes something of the statement, by ${mode}`, async () => {
      const below: Plugin = {
        name: "below",
        version: "1.0.0",
        priority: -2_000,
        // Compiles what it is given anew: what stands in the tree is to be the values of this query.
        aroundQuery: (query, next, scope) =>
          next(query.query.kind === "RawNode" ? query : scope.compile(query.query)),
      };
      const world = await openWorld(dialect, options, { plugins: [below] });
      try {
        await check(world, world.executor);
      } finally {
        await world.close();
      }
    });
  }

  it("have so in one transaction, prepared and not", async () => {
    const world = await openWorld(dialect);
    try {
      await world.executor.transaction().execute(async (trx) => {
        for (let n = 1; n <= 4; n++) {
          await trx.updateTable("people").set({ name: `t ${n}` }).where("id", "=", 1).execute();
        }
      });
      const entries = await world.entries();
      assert.deepEqual(
        entries.map((entry) => entry.new_values?.["name"]),
        [1, 2, 3, 4].map((n) => `t ${n}`),
      );
    } finally {
      await world.close();
    }
  });
});

type Images = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** Every row of the audited tables, by its table and key. */
async function tables(db: Db): Promise<Images> {
  const people = await db.selectFrom("people").selectAll().execute();
  const notes = await db.selectFrom("notes").selectAll().execute();
  return new Map<string, Readonly<Record<string, unknown>>>([
    ...people.map((row) => [`people ${row.id}`, { ...row }] as const),
    ...notes.map((row) => [`notes [${row.owner},${row.place}]`, { ...row }] as const),
  ]);
}

function difference(before: Images, after: Images): string[] {
  const lines: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key), after.get(key)].map((row) => textOf(row));
    // An UPDATE that changes nothing is an entry as well, which is not looked for here.
    if (was !== is) lines.push(`${key}: ${was} -> ${is}`);
  }
  return lines.sort();
}

/** PostgreSQL has an order of its own for the members of JSON. */
function textOf(row: Readonly<Record<string, unknown>> | null | undefined): string {
  return JSON.stringify(
    row == null ? null : Object.entries(row).toSorted(([a], [b]) => a < b ? -1 : 1),
  );
}

function told(entries: Awaited<ReturnType<World["entries"]>>): string[] {
  return entries.map((entry) => {
    const [was, is] = [entry.old_values, entry.new_values].map((row) => textOf(row));
    return `${entry.table_name} ${entry.entity_id!.replaceAll(" ", "")}: ${was} -> ${is}`;
  }).filter((line) => {
    const [was, is] = line.slice(line.indexOf(": ") + 2).split(" -> ");
    return was !== is;
  }).sort();
}
