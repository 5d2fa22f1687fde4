/** How everyday raw SQL is treated under `rawSql: "deny"`, measured on every database. */
import { RawSqlError } from "@kysera/executor";
import { type Kysely, type RawBuilder, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { everyday, type Family, type Fragment } from "./raw_fragments.ts";
import { SECRET, withItems } from "./raw_items.ts";
import { dummy } from "./dummy.ts";

/** Of a hundred fragments that people write, this many may be refused. */
const MOST_REFUSED = 0.05;

const textOf = (fragment: RawBuilder<any>, family: Family): string =>
  fragment.compile(dummy(family)).sql;

describe("the list of everyday fragments", () => {
  it("is long enough, and refuses few of them", () => {
    const all = Object.values(everyday).flat();
    const texts = (Object.keys(everyday) as Family[]).flatMap((family) =>
      everyday[family].map(({ sql }) => textOf(sql, family).replaceAll(/[`"]/g, ""))
    );
    assert.ok(new Set(texts).size >= 120);
    for (const [family, list] of [["all", all] as const, ...Object.entries(everyday)]) {
      const refused = list.filter((fragment) => fragment.refused !== undefined).length;
      assert.ok(refused / list.length <= MOST_REFUSED, `${family}: ${refused} of ${list.length}`);
    }
  });
});

/** The rows that a fragment gives in its place; `hide` is what a plugin does, by hand. */
async function run(
  db: Kysely<any>,
  { sql: fragment, at, as }: Fragment,
  hide: boolean,
): Promise<readonly unknown[]> {
  const visible = (query: any): any => hide ? query.where("items.deleted_at", "is", null) : query;
  const items = visible(db.selectFrom("items"));
  switch (at) {
    case "select":
      return await items.select(["items.id", fragment.as("e")]).orderBy("items.id").execute();
    case "aggregate":
      return await items.select(fragment.as("e")).execute();
    case "where":
      return await items.select("items.id").where(fragment).orderBy("items.id").execute();
    case "orderBy":
      return await items.select("items.id").orderBy(fragment).execute();
    case "groupBy":
      return sorted(await items.select(sql`count(*)`.as("n")).groupBy(fragment).execute());
    case "having":
      return sorted(
        await items.select(["kind", sql`count(*)`.as("n")]).groupBy("kind").having(fragment)
          .execute(),
      );
    case "set": {
      await visible(db.updateTable("items").set("name", fragment)).execute();
      return await items.select(["items.id", "items.name"]).orderBy("items.id").execute();
    }
    case "from":
      return sorted(await db.selectFrom(fragment.as<"v">(as ?? sql`v`)).selectAll().execute());
    case "join": {
      const source = fragment.as<"v">(as!);
      return await items.innerJoin(source, "v.id", "items.id")
        .select(["items.id", "v.label"]).orderBy("items.id").execute();
    }
    case "updateFrom": {
      const query = db.updateTable("items").from(fragment.as<"v">(as!))
        .set((eb: any) => ({ name: eb.ref("v.label") })).whereRef("v.id", "=", "items.id");
      await visible(query).execute();
      return await items.select(["items.id", "items.name"]).orderBy("items.id").execute();
    }
    case "modifyEnd":
      return sorted(await items.select("items.id").modifyEnd(fragment).execute());
    case "root":
      return (await fragment.execute(db)).rows;
  }
}

const sorted = (rows: readonly unknown[]): readonly unknown[] =>
  rows.map((row) => [JSON.stringify(row), row] as const)
    .sort(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row);

/** Ends a transaction with what was done in it. */
class Undo extends Error {}

/** Runs in a transaction that is rolled back: what one fragment changes, no other sees. */
async function undone<T>(db: Kysely<any>, body: (trx: Kysely<any>) => Promise<T>): Promise<T> {
  let result: T | undefined;
  try {
    await db.transaction().execute(async (trx) => {
      result = await body(trx);
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  return result!;
}

onEveryDialect("everyday raw SQL", (dialect) => {
  const family = dialect.dialect;

  it("gives what it gives on Kysely itself, or is refused as the list says", () =>
    withItems(dialect, async ({ db, executor }) => {
      const wrong: string[] = [];
      const tally = { passed: 0, refused: 0, unknown: 0 };
      for (const fragment of everyday[family]) {
        const text = `${fragment.at}: ${textOf(fragment.sql, family)}`;
        const bare = await undone(db, (trx) => run(trx, fragment, true))
          .then((rows) => ({ rows }), (error: unknown) => ({ error }));
        if ("error" in bare && fragment.unknown === undefined && fragment.refused === undefined) {
          wrong.push(`${text}\n  does not run at all: ${bare.error}`);
          continue;
        }
        const own = await undone(executor, (trx) => run(trx, fragment, false))
          .then((rows) => ({ rows }), (error: unknown) => ({ error }));
        if ("error" in own && own.error instanceof RawSqlError) {
          tally.refused++;
          if (fragment.refused === undefined) wrong.push(`${text}\n  ${own.error.message}`);
          continue;
        }
        if (fragment.refused !== undefined) {
          wrong.push(`${text}\n  is not refused`);
        } else if ("error" in bare) {
          tally.unknown++;
          if (!("error" in own)) wrong.push(`${text}\n  runs through the executor alone`);
        } else if ("error" in own) {
          wrong.push(`${text}\n  ${own.error}`);
        } else {
          tally.passed++;
          const [got, expected] = [own.rows, bare.rows].map((rows) =>
            JSON.stringify(rows, bigints)
          );
          if (got!.includes(SECRET)) wrong.push(`${text}\n  shows what is hidden: ${got}`);
          const same = fragment.varies ? own.rows.length === bare.rows.length : got === expected;
          if (!same) wrong.push(`${text}\n  ${got}\n  ${expected}`);
        }
      }
      assert.equal(
        wrong.length,
        0,
        `${wrong.length} of ${JSON.stringify(tally)}\n${wrong.join("\n")}`,
      );
      assert.ok(tally.passed >= everyday[family].length * (1 - MOST_REFUSED) - tally.unknown);
    }));
});

const bigints = (_: string, value: unknown): unknown =>
  typeof value === "bigint" ? `${value}n` : value;
