import { allow, check, defineRLSSchema, deny } from "@kysera/rls";
import { ofTenant, stampTenant } from "../../platform/policies.ts";
import type { Database } from "../../platform/schema.ts";

/** Whoever sees a project sees its documents, and changes them unless the caller is a viewer. */
export const documentPolicies = defineRLSSchema<Database>({
  documents: {
    relations: { project: { table: "projects", columns: { project_id: "id" } } },
    policies: [
      ofTenant(),
      allow("all", check("project", "read"), { name: "as-the-project" }),
      deny(["create", "update", "delete"], ({ auth }) => !auth.roles.includes("member"), {
        name: "viewers-read",
      }),
    ],
    stamp: stampTenant,
  },
});
