import { detectDialect, type Dialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { type RawBuilder, sql } from "kysely";
import type { Target } from "../connect/_target.ts";
import type { Context } from "./_context.ts";

const NAMES: Readonly<Record<Dialect, RawBuilder<{ name: string | null }>>> = {
  postgres: sql`select current_database() as name`,
  mysql: sql`select database() as name`,
  sqlite: sql`select file as name from pragma_database_list where name = 'main'`,
  mssql: sql`select db_name() as name`,
};

/** Returns the target, with the name that its database has where only the configuration can open it. */
export async function namedTarget(context: Context): Promise<Target> {
  const target = await context.target();
  if (target.kind !== "kysely" || target.config.database !== undefined) return target;
  let name: string | null | undefined;
  try {
    const { db } = await context.open({ missing: "refuse" });
    const { rows } = await NAMES[detectDialect(db)].execute(getRawDb(db).withoutPlugins());
    name = rows[0]?.name;
  } catch {
    // An executor may refuse a database that is to be made anew.
    return target;
  }
  // SQLite tells a path.
  const last = name?.split(/[\\/]/).at(-1);
  return last === undefined || last === ""
    ? target
    : { ...target, name: last, label: `${target.label}, ${last}` };
}
