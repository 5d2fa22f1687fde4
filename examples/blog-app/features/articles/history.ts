import { type AuditEntry, type AuditOperation, diff, getAuditLogs } from "@kysera/audit";
import type { Store } from "../../platform/blog.ts";
import { toIso } from "../../platform/schema.ts";
import { findArticle } from "./queries.ts";

/** The most entries that are shown of an article. */
const LIMIT = 100;
/** The columns that a reader of the history wants to see. */
const SHOWN = new Set(["title", "slug", "description", "body", "published_at", "deleted_at"]);

/** One change of an article. */
export interface Revision {
  readonly operation: AuditOperation;
  readonly at: string;
  /** The name of whoever did it; null where it is not known. */
  readonly by: string | null;
  /** What differs, by column; a value that was not there before, or is not any more, is null. */
  readonly changes: Readonly<Record<string, { readonly from: string | null; to: string | null }>>;
}

/**
 * Reads the history of an article from the audit log, the newest change first. The policies hold for
 * every version: a reader does not see what an article was while it was a draft.
 *
 * @throws {ApiError} 404 if there is no such article
 */
export async function historyOf(store: Store, slug: string): Promise<Revision[]> {
  const { id } = await findArticle(store, slug);
  const entries = await getAuditLogs(store.executor, { table: "articles", key: id, limit: LIMIT });
  const names = await namesOf(store, entries);
  return entries.map((entry) => ({
    operation: entry.operation,
    at: toIso(entry.changed_at),
    by: names.get(Number(entry.changed_by)) ?? null,
    changes: Object.fromEntries(
      Object.entries(diff(entry))
        .filter(([column]) => SHOWN.has(column))
        .map(([column, { from, to }]) => [
          column,
          { from: textOf(column, from), to: textOf(column, to) },
        ]),
    ),
  }));
}

async function namesOf({ users }: Store, entries: readonly AuditEntry[]) {
  const ids = new Set(entries.map(({ changed_by }) => Number(changed_by)).filter((id) => id > 0));
  const authors = await users.find({
    where: { id: { in: [...ids, 0] } },
    select: ["id", "username"],
  });
  return new Map(authors.map(({ id, username }) => [id, username]));
}

/** A value as text; a time as the API has it, whichever way the database writes times. */
function textOf(column: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (!column.endsWith("_at")) return String(value);
  const text = String(value).replace(" ", "T");
  // MariaDB tells no zone: the connection writes UTC.
  return toIso(/Z$|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
}
