import { type Kysely, sql } from "kysely";
import { failure } from "../../contract/_cli_error.ts";

/** What a role is created for. */
export interface RoleRequest {
  /** The schemas whose tables it may use. */
  readonly schemas: readonly string[];
  /** A role of the database that it is a member of. */
  readonly memberOf: string | undefined;
}

/**
 * Calls a function with a role for whom policies hold, and drops it. Without one where they hold for
 * the user of the connection, as they do for an owner that is neither a superuser nor exempt.
 */
export async function withRole<T>(
  db: Kysely<any>,
  { schemas, memberOf }: RoleRequest,
  body: (role: string | undefined) => Promise<T>,
): Promise<T> {
  const { rows: [user] } = await sql<{ exempt: boolean; superuser: boolean }>`
    select rolsuper or rolbypassrls as exempt, rolsuper as superuser
    from pg_roles where rolname = current_user`.execute(db);
  if (!user!.exempt && memberOf === undefined) return await body(undefined);
  const name = `kysera_check_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
  const role = sql.id(name);
  try {
    await sql`create role ${role} nosuperuser nobypassrls nologin`.execute(db);
  } catch (cause) {
    throw failure("Cannot create the role that the policies are compared for", {
      cause,
      hint: "Connect as a user that may create roles, or give --scratch-url pglite:memory://.",
    });
  }
  try {
    if (!user!.superuser) await sql`grant ${role} to current_user`.execute(db);
    if (memberOf !== undefined) await sql`grant ${sql.id(memberOf)} to ${role}`.execute(db);
    for (const schema of schemas) {
      const within = sql.id(schema);
      await sql`grant usage on schema ${within} to ${role}`.execute(db);
      await sql`grant all on all tables in schema ${within} to ${role}`.execute(db);
      await sql`grant all on all sequences in schema ${within} to ${role}`.execute(db);
    }
    return await body(name);
  } finally {
    await sql`drop owned by ${role}`.execute(db);
    await sql`drop role ${role}`.execute(db);
  }
}
