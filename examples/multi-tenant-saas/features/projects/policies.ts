import { allow, defineRLSSchema, related } from "@kysera/rls";
import { ofTenant, stampTenant } from "../../platform/policies.ts";
import type { Database } from "../../platform/schema.ts";

/** A private project is for its members and for admins: a policy by tenant, and one by membership. */
export const projectPolicies = defineRLSSchema<Database>({
  projects: {
    relations: { memberships: { table: "project_members", columns: { id: "project_id" } } },
    policies: [
      ofTenant(),
      allow("read", { is_private: 0 }, { name: "open-to-all" }),
      allow("read", related("memberships", ({ auth }) => ({ member_id: auth.userId })), {
        name: "project-members",
      }),
      allow("all", ({ auth }) => auth.roles.includes("admin"), { name: "admins" }),
      allow("create", ({ auth }) => auth.roles.includes("member"), { name: "members-create" }),
      allow(["update", "delete"], ({ auth }) => ({ created_by: auth.userId }), { name: "creator" }),
    ],
    stamp: stampTenant,
  },
  project_members: {
    policies: [
      ofTenant(),
      allow("read", ({ auth }) => ({ member_id: auth.userId }), { name: "own-membership" }),
      allow("all", ({ auth }) => auth.roles.includes("admin"), { name: "admins" }),
      // Whoever creates a private project is a member of it.
      allow("create", ({ auth }) => ({ member_id: auth.userId }), { name: "own-project" }),
    ],
    stamp: stampTenant,
  },
});
