import { allow, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/**
 * An account is readable by its user alone, and a password hash by no user: registration and login use
 * the executor without policies.
 */
export const userPolicies = defineRLSSchema<Database>({
  users: {
    policies: [
      allow("read", (ctx) => ({ id: ctx.auth.userId }), { name: "own-account" }),
    ],
    columns: { password_hash: { read: false } },
  },
});
