import { diff, getAuditLogs } from "@kysera/audit";
import { createRepository } from "@kysera/repository";
import type { Selectable } from "kysely";
import type * as z from "zod";
import { mustExist } from "../../platform/errors.ts";
import type { Db, Saas } from "../../platform/saas.ts";
import { toIso } from "../../platform/schema.ts";
import { asProgram, type Session } from "../accounts/session.ts";
import { getProject } from "../projects/queries.ts";
import { consume, limitsOf, release } from "../usage/queries.ts";
import type { DocumentChanges, DocumentsTable, NewDocument } from "./schema.ts";

const DOCUMENTS = { tableName: "documents" } as const;

/** A document as the API tells it. */
export function presentDocument(document: Selectable<DocumentsTable>) {
  const { id, project_id, title, body, created_by, created_at, updated_at } = document;
  return {
    id,
    project: project_id,
    title,
    body,
    createdBy: created_by,
    createdAt: toIso(created_at),
    updatedAt: toIso(updated_at),
  };
}

/** Lists the documents of a project, from a cursor on. */
export async function listDocuments(
  db: Db,
  project: string,
  page: { limit: number; cursor?: string | undefined },
) {
  await getProject(db, project);
  const { data, pagination } = await createRepository(db, DOCUMENTS).paginateCursor({
    where: { project_id: project },
    orderBy: [{ column: "created_at", direction: "asc" }, { column: "id", direction: "asc" }],
    limit: page.limit,
    ...page.cursor === undefined ? {} : { cursor: page.cursor },
  });
  return { documents: data.map(presentDocument), nextCursor: pagination.nextCursor ?? null };
}

/** @throws {ApiError} 404 if there is no such document that the caller may see */
export async function getDocument(db: Db, id: string) {
  return mustExist(
    await db.selectFrom("documents").selectAll().where("id", "=", id).executeTakeFirst(),
  );
}

/** Creates a document, if the plan allows one more. */
export async function createDocument(
  saas: Saas,
  { db, member, organisation }: Session,
  project: string,
  input: z.output<typeof NewDocument>,
) {
  await getProject(db, project);
  const { limits } = await limitsOf(saas, organisation);
  const id = crypto.randomUUID();
  await db.transaction().execute(async (trx) => {
    await trx.insertInto("documents").values({
      id,
      project_id: project,
      created_by: member.id,
      ...input,
    }).execute();
    await consume(asProgram(trx, organisation), "documents", limits);
  });
  return await getDocument(db, id);
}

/** Changes a document. */
export async function changeDocument(
  db: Db,
  id: string,
  changes: z.output<typeof DocumentChanges>,
) {
  await getDocument(db, id);
  const { title, body } = changes;
  const given = { ...title === undefined ? {} : { title }, ...body === undefined ? {} : { body } };
  if (Object.keys(given).length > 0) {
    await db.updateTable("documents").set(given).where("id", "=", id).execute();
  }
  return await getDocument(db, id);
}

/** Deletes a document. */
export async function deleteDocument({ db, organisation }: Session, id: string): Promise<void> {
  await getDocument(db, id);
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom("documents").where("id", "=", id).execute();
    await release(asProgram(trx, organisation), "documents");
  });
}

/** Returns what was changed of a document, the newest first. */
export async function historyOf(db: Db, id: string) {
  await getDocument(db, id);
  const entries = await getAuditLogs(db, { table: "documents", key: id, limit: 100 });
  return entries.map((entry) => ({
    at: entry.changed_at,
    by: entry.changed_by,
    operation: entry.operation,
    changed: Object.keys(diff(entry)),
  }));
}
