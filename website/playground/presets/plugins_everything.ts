import { auditPlugin } from "@kysera/audit";
import type { Plugin } from "@kysera/executor";
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import type { Database } from "./schema.ts";

// Which rows there are for whom.
const tenants = filter(
  "all",
  (ctx) => ({ tenant_id: ctx.auth.tenantId }),
  { name: "tenants" },
);

const schema = defineRLSSchema<Database>({
  authors: {
    policies: [tenants],
    // The addresses of others are masked.
    columns: { email: { read: (ctx) => ({ id: ctx.auth.userId }) } },
  },
  posts: {
    policies: [
      tenants,
      allow("read", { status: "published" }, { name: "published" }),
      allow(["read", "update", "delete"], (ctx) => ({
        author_id: ctx.auth.userId,
      }), { name: "own" }),
      allow("update", (ctx) => ctx.auth.roles.includes("editor"), {
        name: "editors",
      }),
    ],
    // Whose a new row is.
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
  },
  comments: {
    policies: [tenants],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
  },
});

export const plugins: Plugin[] = [
  softDeletePlugin({ onDelete: "soft" }),
  timestampsPlugin(),
  auditPlugin({ tables: ["posts"] }),
  rlsPlugin({ schema }),
];

// Who can run the query: what is bound by bindContext().
export const principals: Record<string, object | undefined> = {
  "Ada, author of tenant 1": {
    auth: { userId: 1, roles: ["author"], tenantId: 1 },
  },
  "Eve, editor of tenant 1": {
    auth: { userId: 2, roles: ["editor"], tenantId: 1 },
  },
  "Zoe, author of tenant 2": {
    auth: { userId: 3, roles: ["author"], tenantId: 2 },
  },
  "nobody: no context is bound": undefined,
};
