import { allow, check, defineRLSSchema, filter } from "@kysera/rls";
import type { Database } from "../../platform/schema.ts";

/** Favorites are as visible as their article; everybody decides for themselves. */
export const favoritePolicies = defineRLSSchema<Database>({
  favorites: {
    relations: { article: { table: "articles", columns: { article_id: "id" } } },
    policies: [
      filter("all", check("article", "read"), { name: "as-the-article" }),
      allow("read", true, { name: "everybody-reads" }),
      allow(["create", "delete"], (ctx) => ({ user_id: ctx.auth.userId }), {
        name: "own-favorites",
      }),
    ],
  },
});
