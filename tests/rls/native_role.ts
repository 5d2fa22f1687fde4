import { type Kysely, sql } from "kysely";
import { uniqueName } from "../support/_names.ts";

/** A role of the database for whom policies hold: no superuser, and no owner. */
export interface Role {
  readonly name: string;
  /** The schema that the tables are in. */
  readonly schema: string;
  drop(): Promise<void>;
}

/** Makes a role that may use the tables of the current schema. */
export async function createRole(db: Kysely<any>): Promise<Role> {
  const name = `${uniqueName()}_role`.slice(-60);
  const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(db);
  const schema = rows[0]!.name;
  const [role, within] = [sql.id(name), sql.id(schema)];
  await sql`create role ${role} nosuperuser nobypassrls`.execute(db);
  await sql`grant usage on schema ${within} to ${role}`.execute(db);
  await sql`grant all on all tables in schema ${within} to ${role}`.execute(db);
  return {
    name,
    schema,
    async drop() {
      await sql`reset role`.execute(db);
      await sql`drop owned by ${role}`.execute(db);
      await sql`drop role ${role}`.execute(db);
    },
  };
}

/** Runs statements of DDL. */
export async function runAll(db: Kysely<any>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
