import { allow, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** Who follows whom is public; everybody decides for themselves. */
export const profilePolicies = defineRLSSchema<Database>({
  follows: {
    policies: [
      allow("read", true, { name: "everybody-reads" }),
      allow(["create", "delete"], (ctx) => ({ follower_id: ctx.auth.userId }), {
        name: "own-follows",
      }),
    ],
  },
});
