import type { NewUser, Work } from "./_work.ts";

/** Runs SQL that has its numbered parameters as the driver wants them. */
type Query = (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

/** The SQL itself; `at` writes the place of a parameter, by its number from 1. */
export function driverWork(query: Query, at: (number: number) => string): Work {
  const visible = "deleted_at is null";
  const insertInto = "insert into users (name, org_id, deleted_at) values ";
  const row = (first: number) => `(${at(first)}, ${at(first + 1)}, ${at(first + 2)})`;
  const texts = new Map<number, string>();
  const insertion = (count: number): string => {
    let text = texts.get(count);
    if (text === undefined) {
      const rows = Array.from({ length: count }, (_, i) => row(3 * i + 1));
      texts.set(count, text = `${insertInto}${rows.join(", ")} returning *`);
    }
    return text;
  };
  const values = ({ name, org_id, deleted_at }: NewUser) => [name, org_id, deleted_at];
  const byId = `select * from users where id = ${at(1)} and ${visible}`;
  const some = `select * from users where org_id = ${at(1)} and id > ${at(2)} and ${visible}`;
  const all = `select * from users where ${visible} order by id limit 100`;
  const update = `update users set name = ${at(1)} where id = ${at(2)} and ${visible} returning *`;
  const join = (ids: readonly unknown[]) =>
    `select u.id, p.title, g.label from users u join posts p on p.user_id = u.id
    join tags g on g.post_id = p.id where u.id in (${ids.map((_, i) => at(i + 1)).join(", ")})
    and u.deleted_at is null and p.deleted_at is null order by u.id`;
  return {
    findById: async (id) => (await query(byId, [id]))[0],
    find: (org, after) => query(some, [org, after]),
    findAll: () => query(all, []),
    create: async (row) => (await query(insertion(1), values(row)))[0],
    update: async (id, name) => (await query(update, [name, id]))[0],
    bulkCreate: (rows) => query(insertion(rows.length), rows.flatMap(values)),
    join: (ids) => query(join(ids), ids),
  };
}
