import * as z from "zod";
import { text } from "../../platform/body.ts";
import type { StampedTime, TenantId } from "../../platform/schema.ts";

/** Documents of projects. */
export interface DocumentsTable {
  id: string;
  tenant_id: TenantId;
  project_id: string;
  title: string;
  body: string;
  created_by: string;
  created_at: StampedTime;
  updated_at: StampedTime;
}

/** The body of `POST /projects/:id/documents`. */
export const NewDocument = z.strictObject({ title: text(200), body: z.string().max(100_000) });

/** The body of `PATCH /documents/:id`. */
export const DocumentChanges = NewDocument.partial();
