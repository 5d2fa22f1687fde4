import assert from "node:assert/strict";
import { it } from "node:test";
import { bindContext, createExecutor, QueryRefusedError } from "@kysera/executor";
import {
  allow,
  defineRLSSchema,
  filter,
  related,
  rlsPlugin,
  RLSPolicyViolation,
  validate,
} from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";

const schema = defineRLSSchema<any>({
  up_projects: { policies: [filter("read", { open: 1 })] },
  up_tasks: {
    relations: { project: { table: "up_projects", columns: { project_id: "id" } } },
    policies: [
      allow("read", true),
      // A new task needs an open project; a changed one its owner.
      allow("create", related("project")),
      allow("update", (ctx) => ({ owner: ctx.auth.userId })),
      validate("create", { state: "new" }),
    ],
  },
});

onEveryDialect("an upsert whose new and changed rows are asked different things", (dialect) => {
  const within = async (
    run: (me: Kysely<any>, db: Kysely<any>) => Promise<void>,
    prepare: (db: Kysely<any>) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> => {
    const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
    try {
      await sql`create table up_projects (id integer primary key, open integer)`.execute(db);
      await sql`create table up_tasks (id integer primary key, project_id integer, owner integer,
        state varchar(10) default 'new')`.execute(db);
      await db.insertInto("up_projects").values([{ id: 1, open: 1 }, { id: 2, open: 0 }]).execute();
      await db.insertInto("up_tasks").values([
        { id: 1, project_id: 2, owner: 1, state: "old" },
        { id: 2, project_id: 1, owner: 9, state: "old" },
      ]).execute();
      await prepare(db);
      const executor = await createExecutor(db, [rlsPlugin({ schema })]);
      await run(bindContext(executor, { auth: { userId: 1, roles: [] } }), db);
    } finally {
      await close();
    }
  };
  const task = (row: object): object => ({ project_id: 1, owner: 1, state: "new", ...row });
  const upsert = (me: Kysely<any>, rows: readonly object[]) =>
    me.insertInto("up_tasks").values(rows as any)
      .onConflict((oc) =>
        oc.column("id").doUpdateSet((eb) => ({ state: eb.ref("excluded.state") }))
      );
  const states = async (db: Kysely<any>): Promise<string> =>
    (await db.selectFrom("up_tasks").selectAll().orderBy("id").execute())
      .map(({ id, state }) => `${id}:${state}`).join(" ");

  it("asks each of its rows what it is asked", () =>
    within(async (me, db) => {
      // The first row is changed, although no task of its project could be new; the third is new.
      await upsert(me, [task({ id: 1 }), task({ id: 3 })]).execute();
      assert.equal(await states(db), "1:new 2:old 3:new");
      // Another's row is left as it is.
      await upsert(me, [task({ id: 2 })]).execute();
      assert.equal(await states(db), "1:new 2:old 3:new");
      const { id, state } = await upsert(me, [task({ id: 4 })]).returning(["id", "state"])
        .executeTakeFirstOrThrow();
      assert.deepEqual({ id, state }, { id: 4, state: "new" });
    }));

  it("refuses a proposed row that could not be new, whether it is or not", () =>
    within(async (me, db) => {
      for (const id of [1, 5]) {
        for (const wrong of [{ project_id: 2 }, { project_id: null }, { state: "done" }]) {
          await assert.rejects(
            upsert(me, [task({ id: 6 }), task({ id, ...wrong })]).execute(),
            RLSPolicyViolation,
          );
        }
      }
      assert.equal(await states(db), "1:old 2:old");
    }));

  it("is refused where it does not give what has to be looked at", () =>
    within(async (me, db) => {
      const refused = (error: unknown): boolean =>
        error instanceof QueryRefusedError && error.reason === "UNCHECKABLE";
      await assert.rejects(upsert(me, [{ id: 3, owner: 1, state: "new" }]).execute(), refused);
      await assert.rejects(
        me.insertInto("up_tasks").columns(["id", "project_id", "owner", "state"])
          .expression((eb) =>
            eb.selectFrom("up_tasks").select([
              sql`id + 10`.as("id"),
              "project_id",
              "owner",
              "state",
            ])
          )
          .onConflict((oc) => oc.column("id").doUpdateSet({ state: "x" })).execute(),
        refused,
      );
      assert.equal(await states(db), "1:old 2:old");
    }));

  if (dialect.dialect !== "postgres") return;
  it("is refused where a trigger may change its rows", () =>
    within(async (me) => {
      await assert.rejects(
        upsert(me, [task({ id: 3 })]).execute(),
        (error) => error instanceof QueryRefusedError && error.reason === "UNCHECKABLE",
      );
    }, async (db) => {
      await sql`create function up_move() returns trigger language plpgsql as
        $$ begin new.project_id := 2; return new; end $$`.execute(db);
      await sql`create trigger up_move before insert on up_tasks
        for each row execute function up_move()`.execute(db);
    }));
}, ["sqlite", "pglite", "postgres"]);
