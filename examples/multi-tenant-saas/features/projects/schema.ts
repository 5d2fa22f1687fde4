import * as z from "zod";
import { text } from "../../platform/body.ts";
import type { StampedTime, TenantId } from "../../platform/schema.ts";

/** Projects: for everybody in the organisation, or for their members alone. */
export interface ProjectsTable {
  id: string;
  tenant_id: TenantId;
  name: string;
  is_private: number;
  created_by: string;
  created_at: StampedTime;
  updated_at: StampedTime;
}

/** Who is a member of a private project. */
export interface ProjectMembersTable {
  project_id: string;
  member_id: string;
  tenant_id: TenantId;
}

/** The body of `POST /projects`. */
export const NewProject = z.strictObject({ name: text(200), private: z.boolean().default(false) });

/** The body of `PATCH /projects/:id`. */
export const ProjectChanges = z.strictObject({ name: text(200), private: z.boolean() }).partial();
