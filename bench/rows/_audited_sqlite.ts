import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Audited } from "./audited.ts";
import { CALLER, MINE } from "./_tasks.ts";

const { userId, tenantId } = CALLER.auth;
const LOG = `insert into audit_logs
  (table_name, entity_id, operation, old_values, new_values, changed_by, changed_at)`;

/** Five prepared statements a write; many rows are logged by one. */
export function sqliteByHand(database: DatabaseSync): Audited {
  const begin = database.prepare("begin immediate");
  const commit = database.prepare("commit");
  const before = database.prepare(
    "select * from tasks where id = ? and deleted_at is null and org_id = ?",
  );
  const change = database.prepare(
    `update tasks set name = ?, updated_at = ?
    where id = ? and deleted_at is null and org_id = ? returning *`,
  );
  const insertion = (rows: number) =>
    `insert into tasks (name, org_id, created_at, updated_at) values ${
      Array(rows).fill("(?, ?, ?, ?)").join(", ")
    } returning *`;
  const insert = database.prepare(insertion(1));
  const inserts = new Map<number, ReturnType<DatabaseSync["prepare"]>>();
  const log = database.prepare(`${LOG} values ('tasks', ?, ?, ?, ?, ?, ?)`);
  const logMany = database.prepare(
    `${LOG} select 'tasks', id, 'INSERT', null, ${image("tasks")}, ?, ?
    from tasks where id in (select value from json_each(?)) order by id`,
  );
  const atomically = <T>(write: () => T): T => {
    begin.run();
    try {
      const result = write();
      commit.run();
      return result;
    } catch (error) {
      database.exec("rollback");
      throw error;
    }
  };
  return {
    update: (name) =>
      atomically(() => {
        const time = new Date().toISOString();
        const old = before.get(MINE, tenantId);
        const row = change.get(name, time, MINE, tenantId);
        log.run(`${MINE}`, "UPDATE", JSON.stringify(old), JSON.stringify(row), `${userId}`, time);
        return row;
      }),
    create: (name) =>
      atomically(() => {
        const time = new Date().toISOString();
        const row = insert.get(name, tenantId, time, time)!;
        log.run(`${row["id"]}`, "INSERT", null, JSON.stringify(row), `${userId}`, time);
        return row;
      }),
    bulk: (names) =>
      atomically(() => {
        const time = new Date().toISOString();
        let statement = inserts.get(names.length);
        if (statement === undefined) {
          inserts.set(names.length, statement = database.prepare(insertion(names.length)));
        }
        const values = names.flatMap((name): SQLInputValue[] => [name, tenantId, time, time]);
        const rows = statement.all(...values);
        logMany.run(`${userId}`, time, JSON.stringify(rows.map((row) => row["id"])));
        return rows;
      }),
  };
}

function image(from: string): string {
  const columns = ["id", "org_id", "name", "deleted_at", "created_at", "updated_at"];
  return `json_object(${columns.map((column) => `'${column}', ${from}.${column}`).join(", ")})`;
}

/** A trigger that writes the same entries; the user is a constant. */
export const sqliteTrigger: string = `
  create trigger log_insert after insert on tasks begin
    ${LOG} values ('tasks', new.id, 'INSERT', null, ${image("new")}, '${userId}',
      strftime('%Y-%m-%dT%H:%M:%fZ'));
  end;
  create trigger log_update after update on tasks begin
    ${LOG} values ('tasks', new.id, 'UPDATE', ${image("old")}, ${image("new")}, '${userId}',
      strftime('%Y-%m-%dT%H:%M:%fZ'));
  end;
`;
