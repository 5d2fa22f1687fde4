import { allow, check, defineRLSSchema } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** Tags are as visible as their article, and are changed by whoever may change it. */
export const tagPolicies = defineRLSSchema<Database>({
  article_tags: {
    relations: { article: { table: "articles", columns: { article_id: "id" } } },
    policies: [
      allow("read", check("article", "read"), { name: "as-the-article" }),
      allow(["create", "delete"], check("article", "update"), { name: "who-edits-the-article" }),
    ],
  },
});
