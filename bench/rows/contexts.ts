/**
 * A context bound for each request, as every server does: `bindContext`, `repository.on`, and one
 * row by its key, read or changed, against the repository that was bound before, with as many policies
 * on the table.
 *
 * Each request is of another user of one of a hundred organisations.
 *
 * @module
 */
import { nodeSqliteDialect } from "@kysera/dialects";
import { bindContext, createExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { type Generated, Kysely } from "kysely";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Group, group, type Row, timed } from "../_row.ts";

interface Database {
  notes: { id: Generated<number>; org_id: number; text: string };
}
interface World {
  readonly db: Kysely<Database>;
}

const BUDGETS = { 1: 1.3, 10: 1.5, 50: 2 };
/** The policies of an UPDATE are asked for what it finds and for what it makes of that. */
const UPDATED = { 10: 2.5 };
const ORGANISATIONS = 100;

function open(): World {
  const database = new DatabaseSync(":memory:");
  database.exec(`
    create table notes (id integer primary key, org_id integer not null, text text not null);
    with recursive n (i) as (values (0) union all select i + 1 from n where i < 999)
    insert into notes select i, i % ${ORGANISATIONS}, 'note ' || i from n;
  `);
  return { db: new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) }) };
}

function row(policies: number, budget: number, isUpdate: boolean): Row<World> {
  return {
    budget,
    async sides({ db }, form) {
      const schema = defineRLSSchema<Database>({
        notes: {
          policies: Array.from(
            { length: policies },
            (_, i) =>
              i === 0
                ? filter("all", (ctx) => ({ org_id: ctx.auth.tenantId }))
                : filter("all", (ctx, { eb }) => eb("text", "<>", `${i} of ${ctx.auth.tenantId}`)),
          ),
        },
      });
      const executor = await createExecutor(db, [rlsPlugin({ schema })]);
      const notes = createRepository(executor, { tableName: "notes" });
      let request = 0;
      const caller = () => {
        const userId = ++request;
        return { auth: { userId, tenantId: userId % ORGANISATIONS, roles: ["member"] } };
      };
      const tenant = 3;
      const bound = notes.on(
        bindContext(executor, { auth: { userId: 1, tenantId: tenant, roles: ["member"] } }),
      );
      const one = (of: typeof notes, id: number) =>
        isUpdate ? of.update(id, { text: "note" }) : of.findById(id);
      const read = () => {
        let query = db.selectFrom("notes").selectAll().where("id", "=", tenant)
          .where("notes.org_id", "=", tenant);
        for (let i = 1; i < policies; i++) {
          query = query.where("notes.text", "<>", `${i} of ${tenant}`);
        }
        return query.executeTakeFirst();
      };
      const change = () => {
        let query = db.updateTable("notes").set({ text: "note" }).where("id", "=", tenant)
          .where("notes.org_id", "=", tenant);
        for (let i = 1; i < policies; i++) {
          query = query.where("notes.text", "<>", `${i} of ${tenant}`);
        }
        return query.returningAll().executeTakeFirst();
      };
      const byHand = isUpdate ? change : read;
      const each = () => {
        const context = caller();
        return one(notes.on(bindContext(executor, context)), context.auth.tenantId);
      };
      assert.deepEqual({ ...await one(bound, tenant) }, { ...await byHand() });
      assert.ok(await each());
      return await timed([() => one(bound, tenant), each, byHand], form);
    },
  };
}

function rows(
  name: string,
  budgets: Readonly<Record<string, number>>,
  isUpdate: boolean,
): Record<string, Row<World>> {
  return Object.fromEntries(
    Object.entries(budgets).map(([count, budget]) => [
      `${name}-${count}`,
      row(Number(count), budget, isUpdate),
    ]),
  );
}

/** On SQLite, where the database takes least of the time. */
export const contextGroups: readonly Group[] = [
  group<World>({
    name: "contexts",
    title: "A context bound for each request, one row by its key, in-memory SQLite",
    sides: ["bound before", "bound each time", "by hand"],
    rows: {
      ...rows("policies", BUDGETS, false),
      ...rows("update", UPDATED, true),
    },
    open,
    close: ({ db }) => db.destroy(),
  }),
];
