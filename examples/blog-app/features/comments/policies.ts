import { allow, check, defineRLSSchema, filter } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/**
 * Comments are as visible as their article, and belong to who wrote them. When an article is deleted
 * its comments go with it, and come back with it, without being touched.
 */
export const commentPolicies = defineRLSSchema<Database>({
  comments: {
    relations: { article: { table: "articles", columns: { article_id: "id" } } },
    policies: [
      filter("all", check("article", "read"), { name: "as-the-article" }),
      allow("read", true, { name: "everybody-reads" }),
      allow(["create", "update", "delete"], (ctx) => ({ author_id: ctx.auth.userId }), {
        name: "own-comments",
      }),
    ],
  },
});
