import { createHash } from "node:crypto";
import type pg from "pg";
import type { Audited } from "./audited.ts";
import { CALLER, MINE } from "./_tasks.ts";

const { userId, tenantId } = CALLER.auth;
const LOG = `insert into audit_logs
  (table_name, entity_id, operation, old_values, new_values, changed_by, changed_at)`;

/** A statement of the driver; one that has a name is parsed once by the server. */
export function named(
  pool: pg.Pool,
  text: string,
  isNamed: boolean,
): (values: unknown[]) => Promise<any[]> {
  const name = createHash("sha256").update(text).digest("hex").slice(0, 32);
  return async (values) => (await pool.query({ text, values, ...isNamed ? { name } : {} })).rows;
}

/** One statement a write. */
export function postgresByHand(
  pool: pg.Pool,
  isNamed: boolean,
): Audited & { update(name: string, id?: number): Promise<unknown> } {
  const statement = (text: string) => named(pool, text, isNamed);
  const change = statement(`
    with before as (
      select * from tasks where id = $1 and deleted_at is null and org_id = $2 for update
    ), changed as (
      update tasks set name = $3, updated_at = $4 from before where tasks.id = before.id
      returning tasks.*
    ), logged as (
      ${LOG} select 'tasks', changed.id, 'UPDATE', to_jsonb(before)::text, to_jsonb(changed)::text,
        $5, $6 from before join changed on changed.id = before.id
    ) select * from changed`);
  const logged = `logged as (
      ${LOG} select 'tasks', added.id, 'INSERT', null, to_jsonb(added)::text, $4, $5 from added
    ) select * from added`;
  const add = statement(`
    with added as (
      insert into tasks (name, org_id, created_at, updated_at) values ($1, $2, $3, $3) returning *
    ), ${logged}`);
  const addMany = statement(`
    with added as (
      insert into tasks (name, org_id, created_at, updated_at)
      select name, $2, $3, $3 from unnest($1::text[]) as name returning *
    ), ${logged}`);
  const values = (first: unknown) => {
    const time = new Date().toISOString();
    return [first, tenantId, time, `${userId}`, time];
  };
  return {
    update: async (name, id = MINE) => {
      const time = new Date().toISOString();
      return (await change([id, tenantId, name, time, `${userId}`, time]))[0];
    },
    create: async (name) => (await add(values(name)))[0],
    bulk: (names) => addMany(values(names)),
  };
}

/** A trigger that writes the same entries; the user is a constant. */
export const postgresTrigger: readonly string[] = [
  `create function log_tasks() returns trigger language plpgsql as $$ begin
    ${LOG} values ('tasks', new.id, tg_op, case when tg_op = 'UPDATE' then to_jsonb(old) end,
      to_jsonb(new), '${userId}', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
    return null;
  end $$`,
  `create trigger log_tasks after insert or update on tasks
    for each row execute function log_tasks()`,
];
