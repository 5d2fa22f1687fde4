import { allow, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** Everybody sees what is left; clerks add to it, and the till takes from it. */
export const stockPolicies = defineRLSSchema<Database>({
  stock: {
    policies: [
      allow("read", true, { name: "everybody-reads" }),
      allow("create", (ctx) => ctx.auth.roles.includes("clerk"), { name: "clerks-add" }),
      allow("update", (ctx) => isClerkOrTill(ctx.auth.roles), { name: "clerks-and-till" }),
    ],
  },
  stock_movements: {
    policies: [
      allow("read", (ctx) => ctx.auth.roles.includes("clerk"), { name: "clerks-read" }),
      allow("create", (ctx) => isClerkOrTill(ctx.auth.roles), { name: "clerks-and-till" }),
    ],
  },
});

function isClerkOrTill(roles: readonly string[]): boolean {
  return roles.includes("clerk") || roles.includes("till");
}
