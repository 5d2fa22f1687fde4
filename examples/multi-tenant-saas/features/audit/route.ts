import { type AuditEntry, getAuditLogs } from "@kysera/audit";
import { Hono } from "hono";
import { stream } from "hono/streaming";
import * as z from "zod";
import { validate } from "../../platform/body.ts";
import { forbidden } from "../../platform/errors.ts";
import type { Db } from "../../platform/saas.ts";
import type { Env, Session } from "../accounts/session.ts";

const AuditQuery = z.strictObject({
  table: z.enum(["members", "projects", "project_members", "documents", "invitations"]).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(100_000).default(0),
});

/** How many entries the export reads at once. */
const PAGE = 500;

/**
 * `/audit` and its export, for admins. The policies hold for each entry as it has the row: an entry
 * of another organisation is not one of the log.
 */
export function auditRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/audit", async (c) => {
      const session = c.get("session");
      mustBeAdmin(session);
      const { table, limit, offset } = validate(AuditQuery, c.req.query());
      const entries = await getAuditLogs(session.db, {
        ...table === undefined ? {} : { table },
        limit,
        offset,
      });
      return c.json({ entries: entries.map(presentEntry) });
    })
    .get("/audit/export", async (c) => {
      const session = c.get("session");
      mustBeAdmin(session);
      // The database is in use for as long as the request: what is sent is read before.
      const lines: string[] = [];
      for await (const entry of entriesOf(session.db)) {
        lines.push(JSON.stringify(presentEntry(entry)));
      }
      c.header("content-type", "application/x-ndjson");
      c.header("content-disposition", 'attachment; filename="audit.ndjson"');
      return stream(c, async (out) => {
        for (const line of lines) await out.write(`${line}\n`);
      });
    });
}

async function* entriesOf(db: Db): AsyncGenerator<AuditEntry> {
  for (let offset = 0;; offset += PAGE) {
    const entries = await getAuditLogs(db, { limit: PAGE, offset });
    yield* entries;
    if (entries.length < PAGE) return;
  }
}

function mustBeAdmin({ member: { role } }: Session): void {
  if (role !== "admin" && role !== "owner") throw forbidden();
}

function presentEntry(entry: AuditEntry) {
  const metadata = entry.metadata as { impersonator?: string } | null;
  return {
    id: Number(entry.id),
    at: entry.changed_at,
    by: entry.changed_by,
    ...metadata?.impersonator === undefined ? {} : { impersonator: metadata.impersonator },
    table: entry.table_name.split(".").at(-1),
    key: entry.entity_id,
    operation: entry.operation,
    before: withoutTenant(entry.old_values),
    after: withoutTenant(entry.new_values),
  };
}

function withoutTenant(values: Readonly<Record<string, unknown>> | null) {
  if (values === null) return null;
  const { tenant_id: _, ...rest } = values;
  return rest;
}
