import { allow, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** Everybody reads the catalogue; clerks change it. */
export const cataloguePolicies = defineRLSSchema<Database>({
  products: {
    policies: [
      allow("read", true, { name: "everybody-reads" }),
      allow(["create", "update", "delete"], (ctx) => ctx.auth.roles.includes("clerk"), {
        name: "clerks-change",
      }),
    ],
  },
});
