import type { Plugin } from "@kysera/executor";
import {
  allow,
  defineRLSSchema,
  deny,
  filter,
  rlsPlugin,
} from "@kysera/rls";
import type { Database } from "./schema.ts";

const tenants = filter(
  "all",
  (ctx) => ({ tenant_id: ctx.auth.tenantId }),
  { name: "tenants" },
);

const schema = defineRLSSchema<Database>({
  posts: {
    policies: [
      tenants,
      allow(["update", "delete"], (ctx) => ({
        author_id: ctx.auth.userId,
      }), { name: "own" }),
      deny("delete", { status: "published" }, {
        name: "published-stays",
      }),
    ],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
  },
  authors: { policies: [tenants] },
});

export const plugins: Plugin[] = [rlsPlugin({ schema })];

export const principals: Record<string, object | undefined> = {
  "Ada of tenant 1": {
    auth: { userId: 1, roles: ["author"], tenantId: 1 },
  },
  "Zoe of tenant 2": {
    auth: { userId: 3, roles: ["author"], tenantId: 2 },
  },
  "nobody: no context is bound": undefined,
};
