/** What rows 20, 21 and 24 to 30 ask of the policies about new rows. */
import { type Kysely, sql } from "kysely";
import type { BypassCase, Probe } from "../case.ts";
import { OTHER_TENANT, TENANT } from "../data.ts";
import { withDefaults } from "../defaults.ts";
import {
  NO_MERGE,
  NO_ON_CONFLICT,
  NO_RETURNING,
  NO_UPDATE_FROM,
  NO_WRITING_CTE,
  onlyMysql,
} from "../lacks.ts";

const done = () => "done";

/** A write of the caller's own that would leave a row to another tenant. */
function refused(
  name: string,
  run: (db: Kysely<any>, probe: Probe) => any,
  more: Partial<BypassCase> = {},
): BypassCase {
  return {
    name,
    subjects: ["policies"],
    writes: true,
    must: ["C"],
    run: (probe) => run(probe.db, probe).execute().then(done),
    // What it does without a policy is of no interest: it must not be done.
    truth: () => Promise.resolve("refused"),
    ...more,
  };
}

const toOther = { tenant_id: OTHER_TENANT };

export const movesOut: readonly BypassCase[] = [
  refused("out of sight", (db) => db.updateTable("users").set(toOther).where("id", "=", 1)),
  refused("all rows out of sight", (db) => db.updateTable("users as u").set(toOther)),
  refused(
    "out of sight by an expression",
    (db) => db.updateTable("users").set((eb) => ({ tenant_id: eb("tenant_id", "+", 1) })),
  ),
  refused(
    "out of sight by raw SQL",
    (db) => db.updateTable("users").set({ tenant_id: sql`tenant_id + 1` }),
    { must: ["C", "R"] },
  ),
  refused("out of sight by a subquery", (db) =>
    db.updateTable("users").set({
      tenant_id: db.selectFrom("tags").select((eb) => eb.fn.max("tenant_id").as("t")),
    })),
  refused(
    "out of sight by FROM",
    (db) =>
      db.updateTable("users").from("tags")
        .set((eb) => ({ tenant_id: eb.ref("tags.tenant_id") }))
        .where("tags.id", "=", 4).where("users.id", "=", 1),
    { lacks: NO_UPDATE_FROM },
  ),
  refused(
    "out of sight in a common table expression",
    (db) =>
      db.with("moved", (q) => q.updateTable("users").set(toOther).returning("id"))
        .selectFrom("moved").selectAll(),
    { lacks: NO_WRITING_CTE },
  ),
  refused("to nobody", (db) => db.updateTable("users").set({ tenant_id: null })),
];

export const ownTenant: readonly BypassCase[] = [
  {
    name: "the tenant, to what it is",
    subjects: ["policies"],
    writes: true,
    must: ["F"],
    run: ({ db }) =>
      db.updateTable("users").set({ tenant_id: TENANT, name: "x" }).execute().then(done),
  },
];

/** An INSERT of somebody whose tenant is not the column's default. */
function stamped(
  name: string,
  run: (db: Kysely<any>) => any,
  row: Readonly<Record<string, unknown>>,
  more: Partial<BypassCase> = {},
): BypassCase {
  return {
    name,
    subjects: ["policies"],
    writes: true,
    must: ["F"],
    run: ({ stranger }) => run(stranger).execute().then(done),
    truth: async ({ db }) => {
      await db.insertInto("users").values(row).execute();
      return done();
    },
    ...more,
  };
}

const theirs = { id: 50, name: "new", tenant_id: OTHER_TENANT };

export const tenantOfInserts: readonly BypassCase[] = [
  stamped("without", (db) => db.insertInto("users").values({ id: 50, name: "new" }), theirs),
  stamped(
    "without, from a SELECT",
    (db) =>
      db.insertInto("users").columns(["id", "name"])
        .expression(
          db.selectFrom("tags").select([sql`50`.as("id"), sql`'new'`.as("name")]).limit(1),
        ),
    theirs,
  ),
  stamped("with one's own", (db) => db.insertInto("users").values(theirs), theirs, {
    harmless: true,
    must: ["ok"],
  }),
  stamped(
    "with one's own, as an expression",
    (db) => db.insertInto("users").values({ ...theirs, tenant_id: sql`1 + 1` }),
    theirs,
    { harmless: true, must: ["ok", "R"] },
  ),
  refused("with another's", (db) => db.insertInto("users").values(theirs)),
  refused(
    "with another's, as an expression",
    (db) => db.insertInto("users").values({ ...theirs, tenant_id: sql`1 + 1` }),
    { must: ["C", "R"] },
  ),
  refused(
    "with another's, as a subquery",
    (db) =>
      db.insertInto("users").values({
        ...theirs,
        tenant_id: db.selectFrom("tags").select((eb) => eb.fn.max("tenant_id").as("t")),
      }),
    { must: ["C", "R"] },
  ),
  refused("with nobody's", (db) => db.insertInto("users").values({ ...theirs, tenant_id: null })),
  refused(
    "with the default, which is another's",
    (_, { stranger }) =>
      stranger.insertInto("users").values({ ...theirs, tenant_id: sql`default` }),
    {
      must: ["C", "R"],
      lacks: { sqlite: "no DEFAULT among values" },
    },
  ),
];

export const mixedInserts: readonly BypassCase[] = [
  refused(
    "another's alone, in a part of WITH",
    (db) =>
      db.with("x", (q) => q.insertInto("users").values({ id: 50, ...toOther }).returning("id"))
        .selectFrom("tags").select("name"),
    { lacks: NO_WRITING_CTE },
  ),
  refused("the last one another's", (db) =>
    db.insertInto("users").values([
      { id: 50, tenant_id: TENANT },
      { id: 51, tenant_id: OTHER_TENANT },
    ])),
  refused("in a transaction that goes on", (db) => ({
    execute: () =>
      db.transaction().execute(async (trx) => {
        const mixed = [{ id: 50, tenant_id: TENANT }, { id: 51, tenant_id: OTHER_TENANT }];
        await trx.insertInto("users").values(mixed).execute();
      }),
  })),
];

export const foreignSelects: readonly BypassCase[] = [
  refused("of rows of several tenants", (db) =>
    db.insertInto("users").columns(["id", "tenant_id"])
      .expression(db.selectFrom("tags").select([sql`id + 10`.as("id"), "tenant_id"]))),
  refused(
    "of rows of one's own and a set operation's",
    (db) =>
      db.insertInto("users").columns(["id", "tenant_id"]).expression(
        db.selectFrom("users").select([sql`id + 10`.as("id"), "tenant_id"])
          .unionAll(db.selectFrom("tags").select([sql`id + 20`.as("id"), "tenant_id"])),
      ),
  ),
];

const row = { id: 1, name: "x" };

export const movingUpserts: readonly BypassCase[] = withDefaults({ lacks: NO_ON_CONFLICT }, [
  refused(
    "do update, out of sight",
    (db) =>
      db.insertInto("users").values(row).onConflict((oc) => oc.column("id").doUpdateSet(toOther)),
  ),
  refused(
    "do update, out of sight by an expression",
    (db) =>
      db.insertInto("users").values(row).onConflict((oc) =>
        oc.column("id").doUpdateSet((eb) => ({ tenant_id: eb("users.tenant_id", "+", 1) }))
      ),
  ),
  refused(
    "do update, a new row of another's",
    (db) =>
      db.insertInto("users").values([row, theirs]).onConflict((oc) =>
        oc.column("id").doUpdateSet({ name: "hit" })
      ),
  ),
  refused(
    "do nothing, a new row of another's",
    (db) => db.insertInto("users").values([row, theirs]).onConflict((oc) => oc.doNothing()),
  ),
]);

export const movingDuplicates: readonly BypassCase[] = [
  refused(
    "on duplicate key update, out of sight",
    (db) => db.insertInto("users").values(row).onDuplicateKeyUpdate(toOther),
    { lacks: onlyMysql("ON DUPLICATE KEY UPDATE is MySQL's"), must: ["R", "C"] },
  ),
  refused(
    "insert ignore, a new row of another's",
    (db) => db.insertInto("users").ignore().values(theirs),
    { lacks: onlyMysql("INSERT IGNORE is MySQL's"), must: ["C"] },
  ),
];

const matching = (db: Kysely<any>): any =>
  db.mergeInto("users as u").using("tags as t", "t.user_id", "u.id");

export const movingMerges: readonly BypassCase[] = withDefaults({ lacks: NO_MERGE }, [
  refused(
    "matched, update out of sight",
    (db) => matching(db).whenMatched().thenUpdateSet(toOther),
    { must: ["C", "R"] },
  ),
  refused(
    "not matched, insert another's",
    (db) =>
      db.mergeInto("users as u").using("tags as t", (join) => join.onRef("t.id", "=", sql`-1`))
        .whenNotMatched().thenInsertValues({ id: sql`t.id + 50`, tenant_id: OTHER_TENANT } as any),
    { must: ["C", "R"] },
  ),
]);

export const checkedReturning: readonly BypassCase[] = [
  refused(
    "of a row that goes out of sight",
    (db) => db.updateTable("users").set(toOther).returningAll(),
    { lacks: NO_RETURNING },
  ),
  refused(
    "of a new row of another's",
    (db) => db.insertInto("users").values(theirs).returning("id"),
    { lacks: NO_RETURNING },
  ),
];
