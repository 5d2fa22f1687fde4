import { createAuditTable, dropAuditTable } from "@kysera/audit";
import type { CreateTableBuilder, Kysely } from "kysely";
import { columnsOf } from "../../platform/columns.ts";

/** The tables are the same as rows, in a schema, and in a database: each has the tenant. */
export async function up(db: Kysely<any>): Promise<void> {
  const { id, short, time, required } = columnsOf(db);
  const table = (name: string): CreateTableBuilder<string, string> =>
    db.schema.createTable(name)
      .addColumn("id", id, (column) => column.primaryKey())
      .addColumn("tenant_id", id, required);

  await table("members")
    .addColumn("user_id", id, required)
    .addColumn("name", short, required)
    .addColumn("email", short, required)
    .addColumn("phone", short)
    .addColumn("role", short, required)
    .addColumn("erased_at", time)
    .addColumn("created_at", time, required)
    .addColumn("updated_at", time, required)
    .addUniqueConstraint("members_user_key", ["tenant_id", "user_id"])
    .execute();
  await table("projects")
    .addColumn("name", short, required)
    .addColumn("is_private", "integer", required)
    .addColumn("created_by", id, required)
    .addColumn("created_at", time, required)
    .addColumn("updated_at", time, required)
    .execute();
  await db.schema.createIndex("projects_tenant").on("projects")
    .columns(["tenant_id", "created_at", "id"]).execute();
  await db.schema.createTable("project_members")
    .addColumn("project_id", id, required)
    .addColumn("member_id", id, required)
    .addColumn("tenant_id", id, required)
    .addPrimaryKeyConstraint("project_members_key", ["project_id", "member_id"])
    .addForeignKeyConstraint("project_members_project", ["project_id"], "projects", ["id"])
    .addForeignKeyConstraint("project_members_member", ["member_id"], "members", ["id"])
    .execute();
  await table("documents")
    .addColumn("project_id", id, required)
    .addColumn("title", short, required)
    .addColumn("body", "text", required)
    .addColumn("created_by", id, required)
    .addColumn("created_at", time, required)
    .addColumn("updated_at", time, required)
    .addForeignKeyConstraint("documents_project", ["project_id"], "projects", ["id"])
    .execute();
  await db.schema.createIndex("documents_project_id").on("documents")
    .columns(["project_id", "created_at", "id"]).execute();
  await table("invitations")
    .addColumn("email", short, required)
    .addColumn("role", short, required)
    .addColumn("token_hash", short, required)
    .addColumn("expires_at", time, required)
    .addColumn("accepted_at", time)
    .addColumn("created_at", time, required)
    .execute();
  await table("impersonations")
    .addColumn("support_user", id, required)
    .addColumn("member_id", id, required)
    .addColumn("reason", short, required)
    .addColumn("created_at", time, required)
    .execute();
  await db.schema.createTable("usage_counters")
    .addColumn("tenant_id", id, required)
    .addColumn("metric", short, required)
    .addColumn("used", "integer", required)
    .addPrimaryKeyConstraint("usage_counters_key", ["tenant_id", "metric"])
    .execute();
  await createAuditTable(db);
}

export async function down(db: Kysely<any>): Promise<void> {
  await dropAuditTable(db);
  for (
    const name of [
      "usage_counters",
      "impersonations",
      "invitations",
      "documents",
      "project_members",
      "projects",
      "members",
    ]
  ) await db.schema.dropTable(name).execute();
}
