import { allow, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** Published articles are for everybody, drafts for their authors, who alone change what is theirs. */
export const articlePolicies = defineRLSSchema<Database>({
  articles: {
    policies: [
      allow("read", (_ctx, { eb, column }) => eb(column("published_at"), "is not", null), {
        name: "published",
      }),
      allow("all", (ctx) => ({ author_id: ctx.auth.userId }), { name: "own-articles" }),
    ],
  },
});
