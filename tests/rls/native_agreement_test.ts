/**
 * Where PostgreSQL's own policies and the rewriting of queries agree, and the few places where they
 * cannot: each row of the table in the README, "In PostgreSQL", is a test here.
 */
import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { bindContext, createExecutor, type KyseraExecutor } from "@kysera/executor";
import {
  allow,
  defineRLSSchema,
  deny,
  filter,
  rlsPlugin,
  RLSPolicyViolation,
  type RLSSchema,
} from "@kysera/rls";
import { nativeRLSPlugin, toPostgres } from "@kysera/rls/native";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { createRole, type Role, runAll } from "./native_role.ts";

type Executor = KyseraExecutor<any>;

onEveryDialect("policies of PostgreSQL and rewriting", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;
  let role: Role;

  beforeEach(async () => {
    database = await dialect.open({ connections: 1 });
    db = database.db;
    await sql`create table docs (id integer primary key, owner integer, archived boolean, v integer)`
      .execute(db);
    role = await createRole(db);
  });

  afterEach(async () => {
    await role.drop();
    await database.close();
  });

  const ROWS = [
    { id: 1, owner: 1, archived: false, v: 0 },
    { id: 2, owner: 1, archived: true, v: 0 },
    { id: 3, owner: 2, archived: false, v: 0 },
  ];
  const AT_START = "1:1:false:0 2:1:true:0 3:2:false:0";
  const who = { auth: { userId: 1, roles: [] } };
  const own = filter("read", { archived: false });
  const hidden = defineRLSSchema<any>({
    docs: { policies: [own, allow("all", (ctx) => ({ owner: ctx.auth.userId }))] },
  });

  /** What a statement comes to, and the rows after it, on one side; it is taken back. */
  async function run(
    schema: RLSSchema<any>,
    side: "native" | "rewriting",
    statement: (executor: Executor) => Promise<unknown>,
  ): Promise<string> {
    await db.deleteFrom("docs").execute();
    await db.insertInto("docs").values(ROWS).execute();
    if (side === "native") {
      await runAll(db, toPostgres(schema, { schemaName: role.schema }));
      await sql`set role ${sql.id(role.name)}`.execute(db);
    }
    let outcome: string;
    try {
      const plugin = side === "native" ? nativeRLSPlugin() : rlsPlugin({ schema });
      const executor = bindContext(await createExecutor(db, [plugin]), who);
      outcome = await statement(executor).then(
        (result) => JSON.stringify(result, (_, v) => typeof v === "bigint" ? `${v}n` : v),
        (error) =>
          error instanceof RLSPolicyViolation || error.code === "42501" ? "refused" : `${error}`,
      );
    } finally {
      await sql`reset role`.execute(db);
      await sql`alter table docs disable row level security`.execute(db);
    }
    const rows = await db.selectFrom("docs").selectAll().orderBy("id").execute();
    const told = rows.map(({ id, owner, archived, v }) => `${id}:${owner}:${archived}:${v}`);
    return `${outcome} ${told.join(" ")}`;
  }

  /** Both sides, in this order: rewriting, native. */
  async function both(
    schema: RLSSchema<any>,
    statement: (executor: Executor) => Promise<unknown>,
  ): Promise<[string, string]> {
    return [await run(schema, "rewriting", statement), await run(schema, "native", statement)];
  }

  const same: Record<
    string,
    { schema: RLSSchema<any>; statement: (executor: Executor) => Promise<unknown>; want: string }
  > = {
    "a DELETE that reads no column": {
      schema: hidden,
      statement: async (e) => (await e.deleteFrom("docs").executeTakeFirstOrThrow()).numDeletedRows,
      want: `"1n" 2:1:true:0 3:2:false:0`,
    },
    "an UPDATE that reads no column": {
      schema: hidden,
      statement: async (e) =>
        (await e.updateTable("docs").set({ v: 5 }).executeTakeFirstOrThrow()).numUpdatedRows,
      want: `"1n" 1:1:false:5 2:1:true:0 3:2:false:0`,
    },
    "an UPDATE that hides its own row": {
      schema: hidden,
      statement: (e) => e.updateTable("docs").set({ archived: true }).execute(),
      want: "refused 1:1:false:0 2:1:true:0 3:2:false:0",
    },
    "a blind DELETE where a denial is about reading alone": {
      schema: defineRLSSchema<any>({
        docs: { policies: [allow("all", true), deny("read", { archived: true })] },
      }),
      statement: async (e) => (await e.deleteFrom("docs").executeTakeFirstOrThrow()).numDeletedRows,
      want: `"2n" 2:1:true:0`,
    },
    "a blind UPDATE where only some rows may be read": {
      schema: defineRLSSchema<any>({
        docs: {
          policies: [
            allow("read", (ctx) => ({ owner: ctx.auth.userId })),
            allow("read", { v: 7 }),
            allow(["update", "delete"], true),
          ],
        },
      }),
      statement: async (e) =>
        (await e.updateTable("docs").set({ archived: true }).executeTakeFirstOrThrow())
          .numUpdatedRows,
      want: `"2n" 1:1:true:0 2:1:true:0 3:2:false:0`,
    },
    "a blind UPDATE that gives a row away": {
      schema: defineRLSSchema<any>({
        docs: {
          policies: [
            allow("read", (ctx) => ({ owner: ctx.auth.userId })),
            allow("update", true),
          ],
        },
      }),
      statement: (e) => e.updateTable("docs").set({ owner: 2 }).execute(),
      want: "refused 1:1:false:0 2:1:true:0 3:2:false:0",
    },
    "a blind DELETE of rows that nobody may read": {
      schema: defineRLSSchema<any>({
        docs: {
          policies: [allow("read", (ctx) => ctx.auth.roles.includes("x")), allow("delete", true)],
        },
      }),
      // Here it is an error, there no row: see the table.
      statement: (e) =>
        e.deleteFrom("docs").executeTakeFirstOrThrow().then(
          ({ numDeletedRows }) => Number(numDeletedRows),
          (error) => error instanceof RLSPolicyViolation ? 0 : Promise.reject(error),
        ),
      want: "0 1:1:false:0 2:1:true:0 3:2:false:0",
    },
  };
  for (const [name, { schema, statement, want }] of Object.entries(same)) {
    it(`agree on ${name}`, async () => {
      assert.deepEqual(await both(schema, statement), [want, want]);
    });
  }

  it("do not apply the read policies to those who are left out of them", async () => {
    const schema = defineRLSSchema<any>({
      docs: {
        policies: [own, allow("all", (ctx) => ({ owner: ctx.auth.userId }))],
        skipFor: ["auditor"],
      },
    });
    const auditor = { auth: { userId: 1, roles: ["auditor"] } };
    const statement = async (e: Executor): Promise<unknown> =>
      (await bindContext(e, auditor).deleteFrom("docs").executeTakeFirstOrThrow()).numDeletedRows;
    assert.deepEqual(await both(schema, statement), [`"3n" `, `"3n" `]);
  });

  it("agree on rows that a BEFORE trigger changes", async () => {
    await sql`create function move() returns trigger language plpgsql as $$
      begin
        if new.v = 66 then new.owner := 2; end if;
        if new.v = 77 then new.owner := 1; end if;
        return new;
      end $$`.execute(db);
    await sql`create trigger move before insert or update on docs for each row execute function move()`
      .execute(db);
    const insert = (v: number, owner: number) => (e: Executor): Promise<unknown> =>
      e.insertInto("docs").values({ id: 9, owner, archived: false, v }).execute()
        .then(() => "done");
    const update = (v: number) => (e: Executor): Promise<unknown> =>
      e.updateTable("docs").set({ v }).where("id", "=", 1).execute().then(() => "done");
    const returning = (e: Executor): Promise<unknown> =>
      e.updateTable("docs").set({ v: 66 }).where("id", "=", 1).returning("v").execute();
    const upsert = (v: number) => (e: Executor): Promise<unknown> =>
      e.insertInto("docs").values({ id: 1, owner: 1, archived: false, v: 0 })
        .onConflict((oc) => oc.column("id").doUpdateSet({ v })).execute().then(() => "done");
    const refused = `refused ${AT_START}`;
    const cases: [(e: Executor) => Promise<unknown>, string][] = [
      [insert(66, 1), refused],
      [insert(5, 2), refused],
      [insert(5, 1), `"done" ${AT_START} 9:1:false:5`],
      // The trigger makes of it a row that the caller may write.
      [insert(77, 2), `"done" ${AT_START} 9:1:false:77`],
      [update(66), refused],
      [update(5), `"done" 1:1:false:5 2:1:true:0 3:2:false:0`],
      [returning, refused],
      [upsert(66), refused],
      [upsert(5), `"done" 1:1:false:5 2:1:true:0 3:2:false:0`],
    ];
    for (const [statement, want] of cases) {
      assert.deepEqual(await both(hidden, statement), [want, want], String(statement));
    }
    // A function of the row is asked about the row as it is stored as well.
    const asked = defineRLSSchema<any>({
      docs: { policies: [allow("read", true), allow("create", (ctx) => ctx.row.owner === 1)] },
    });
    assert.equal(await run(asked, "rewriting", insert(66, 1)), refused);
    assert.equal(
      await run(asked, "rewriting", insert(77, 2)),
      `"done" ${AT_START} 9:1:false:77`,
    );
  });

  it("agree on rows that the trigger of a partition changes", async () => {
    await sql`drop table docs`.execute(db);
    await sql`create table docs (id integer, owner integer, archived boolean, v integer)
      partition by range (id)`.execute(db);
    await sql`create table docs_low partition of docs for values from (0) to (100)`.execute(db);
    await sql`create function move() returns trigger language plpgsql as
      $$ begin new.owner := 2; return new; end $$`.execute(db);
    await sql`create trigger move before update on docs_low for each row execute function move()`
      .execute(db);
    await sql`grant all on docs to ${sql.id(role.name)}`.execute(db);
    const statement = (e: Executor): Promise<unknown> =>
      e.updateTable("docs").set({ v: 1 }).where("id", "=", 1).execute();
    assert.deepEqual(await both(hidden, statement), [`refused ${AT_START}`, `refused ${AT_START}`]);
  });

  it("differ on DO NOTHING with a target, of a row that may not be read", async () => {
    const schema = defineRLSSchema<any>({
      docs: {
        policies: [allow("create", true), allow("read", (ctx) => ({ owner: ctx.auth.userId }))],
      },
    });
    const insert = (target: boolean) => (e: Executor): Promise<unknown> =>
      e.insertInto("docs").values({ id: 9, owner: 2, archived: false, v: 0 })
        .onConflict((oc) => target ? oc.column("id").doNothing() : oc.doNothing())
        .executeTakeFirst().then(() => "done");
    assert.deepEqual(await both(schema, insert(true)), [
      `"done" ${AT_START} 9:2:false:0`,
      `refused ${AT_START}`,
    ]);
    const agreed = `"done" ${AT_START} 9:2:false:0`;
    assert.deepEqual(await both(schema, insert(false)), [agreed, agreed]);
  });

  const owners = defineRLSSchema<any>({
    docs: {
      policies: [
        allow(["read", "create"], true),
        allow("update", (ctx) => ({ owner: ctx.auth.userId })),
      ],
    },
  });

  it("differ on an upsert that meets a row which may not be changed", async () => {
    const statement = (e: Executor): Promise<unknown> =>
      e.insertInto("docs").values({ id: 3, owner: 1, archived: false, v: 1 })
        .onConflict((oc) => oc.column("id").doUpdateSet({ v: 8 }))
        .execute().then(() => "done");
    const schema = defineRLSSchema<any>({
      docs: {
        policies: [
          allow("read", true),
          allow(["create", "update"], (ctx) => ({ owner: ctx.auth.userId })),
        ],
      },
    });
    assert.deepEqual(await both(schema, statement), [`"done" ${AT_START}`, `refused ${AT_START}`]);
  });

  it("differ on MERGE of a row that may be seen and not changed", async (t) => {
    const { rows: [version] } = await sql<{ v: number }>`
      select current_setting('server_version_num')::int as v`.execute(db);
    if (version!.v < 150000) return t.skip("MERGE is of PostgreSQL 15");
    const statement = (e: Executor): Promise<unknown> =>
      e.mergeInto("docs").using("docs as s", "s.id", "docs.id").whenMatched()
        .thenUpdateSet({ v: 8 }).execute().then(() => "done");
    assert.deepEqual(await both(owners, statement), [
      `"done" 1:1:false:8 2:1:true:8 3:2:false:0`,
      `refused ${AT_START}`,
    ]);
  });

  it("differ on a write that no policy could allow: an error here, no row there", async () => {
    const statement = async (e: Executor): Promise<unknown> =>
      Number((await e.deleteFrom("docs").executeTakeFirstOrThrow()).numDeletedRows);
    assert.deepEqual(await both(owners, statement), [`refused ${AT_START}`, `0 ${AT_START}`]);
  });

  it("differ on FOR UPDATE, which asks there what may be updated", async () => {
    const statement = async (e: Executor): Promise<unknown> =>
      (await e.selectFrom("docs").select("id").orderBy("id").forUpdate().execute())
        .map(({ id }) => id);
    const none = defineRLSSchema<any>({
      docs: {
        policies: [allow("read", true), allow("update", (ctx) => ({ owner: ctx.auth.userId }))],
      },
    });
    assert.deepEqual(await both(none, statement), [`[1,2,3] ${AT_START}`, `[1,2] ${AT_START}`]);
  });
}, ["pglite", "postgres"]);
