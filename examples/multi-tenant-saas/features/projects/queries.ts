import { createRepository } from "@kysera/repository";
import type { Selectable } from "kysely";
import type * as z from "zod";
import { forbidden, mustExist } from "../../platform/errors.ts";
import type { Db, Saas } from "../../platform/saas.ts";
import { toIso } from "../../platform/schema.ts";
import { asProgram, type Session } from "../accounts/session.ts";
import { getMember } from "../members/queries.ts";
import { consume, limitsOf, release } from "../usage/queries.ts";
import type { NewProject, ProjectChanges, ProjectsTable } from "./schema.ts";

const PROJECTS = { tableName: "projects" } as const;

/** A project as the API tells it. */
export function presentProject(project: Selectable<ProjectsTable>) {
  const { id, name, is_private, created_by, created_at } = project;
  return {
    id,
    name,
    private: is_private === 1,
    createdBy: created_by,
    createdAt: toIso(created_at),
  };
}

/** Lists the projects that the caller may see, from a cursor on. */
export async function listProjects(db: Db, page: { limit: number; cursor?: string | undefined }) {
  const { data, pagination } = await createRepository(db, PROJECTS).paginateCursor({
    orderBy: [{ column: "created_at", direction: "asc" }, { column: "id", direction: "asc" }],
    limit: page.limit,
    ...page.cursor === undefined ? {} : { cursor: page.cursor },
  });
  return { projects: data.map(presentProject), nextCursor: pagination.nextCursor ?? null };
}

/** @throws {ApiError} 404 if there is no such project that the caller may see */
export async function getProject(db: Db, id: string) {
  return mustExist(
    await db.selectFrom("projects").selectAll().where("id", "=", id).executeTakeFirst(),
  );
}

/** Creates a project, if the plan allows one more. */
export async function createProject(
  saas: Saas,
  { db, member, organisation }: Session,
  input: z.output<typeof NewProject>,
) {
  const { limits } = await limitsOf(saas, organisation);
  const id = crypto.randomUUID();
  await db.transaction().execute(async (trx) => {
    await trx.insertInto("projects").values({
      id,
      name: input.name,
      is_private: input.private ? 1 : 0,
      created_by: member.id,
    }).execute();
    if (input.private) {
      await trx.insertInto("project_members").values({ project_id: id, member_id: member.id })
        .execute();
    }
    await consume(asProgram(trx, organisation), "projects", limits);
  });
  return await getProject(db, id);
}

/** Changes a project. */
export async function changeProject(db: Db, id: string, changes: z.output<typeof ProjectChanges>) {
  await getProject(db, id);
  const { name, private: isPrivate } = changes;
  const given = {
    ...name === undefined ? {} : { name },
    ...isPrivate === undefined ? {} : { is_private: isPrivate ? 1 : 0 },
  };
  if (Object.keys(given).length > 0) {
    const { numUpdatedRows } = await db.updateTable("projects").set(given).where("id", "=", id)
      .executeTakeFirst();
    // The project is there, and is not the caller's to change.
    if (numUpdatedRows === 0n) throw forbidden();
  }
  return await getProject(db, id);
}

/** Deletes a project with its documents. */
export async function deleteProject(
  { db, member, organisation }: Session,
  id: string,
): Promise<void> {
  const { created_by } = await getProject(db, id);
  const isAdmin = member.role === "admin" || member.role === "owner";
  if (!isAdmin && created_by !== member.id) throw forbidden();
  await db.transaction().execute(async (trx) => {
    // The creator may not see the memberships of others; they go with the project.
    const program = asProgram(trx, organisation);
    const { numDeletedRows } = await program.deleteFrom("documents").where("project_id", "=", id)
      .executeTakeFirst();
    await program.deleteFrom("project_members").where("project_id", "=", id).execute();
    await trx.deleteFrom("projects").where("id", "=", id).execute();
    await release(program, "documents", Number(numDeletedRows));
    await release(program, "projects");
  });
}

/** Adds a member to a project. */
export async function addToProject(db: Db, project: string, member: string): Promise<void> {
  await getProject(db, project);
  await getMember(db, member);
  await db.insertInto("project_members").values({ project_id: project, member_id: member })
    .onConflict((conflict) => conflict.columns(["project_id", "member_id"]).doNothing()).execute();
}

/** Takes a member out of a project. */
export async function takeFromProject(db: Db, project: string, member: string): Promise<void> {
  await getProject(db, project);
  const { numDeletedRows } = await db.deleteFrom("project_members")
    .where("project_id", "=", project).where("member_id", "=", member).executeTakeFirst();
  mustExist(numDeletedRows === 0n ? undefined : true);
}
