import { auditPlugin } from "@kysera/audit";
import type { Plugin } from "@kysera/executor";
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import type { Database } from "./schema.ts";

const schema = defineRLSSchema<Database>({
  authors: {
    policies: [
      filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), {
        name: "tenants",
      }),
    ],
    // Of others the address is masked.
    columns: { email: { read: (ctx) => ({ id: ctx.auth.userId }) } },
  },
  posts: {
    policies: [
      filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), {
        name: "tenants",
      }),
      allow("read", { status: "published" }, { name: "published" }),
      allow("read", (ctx) => ({ author_id: ctx.auth.userId }), {
        name: "own-drafts",
      }),
      allow(["update", "delete"], (ctx) => ({ author_id: ctx.auth.userId }), {
        name: "own",
      }),
      allow("update", (ctx) => ctx.auth.roles.includes("editor"), {
        name: "editors",
      }),
    ],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
  },
  comments: {
    policies: [
      filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), {
        name: "tenants",
      }),
    ],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
  },
});

export const plugins: Plugin[] = [
  softDeletePlugin({ onDelete: "soft" }),
  timestampsPlugin(),
  auditPlugin({ tables: ["posts"] }),
  rlsPlugin({ schema }),
];

// Who can run the query: the context that is bound to the executor.
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
