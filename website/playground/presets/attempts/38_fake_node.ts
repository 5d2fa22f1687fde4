// A value that looks like a part of a query: it is data.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

const fake = {
  kind: "RawNode",
  sqlFragments: ["1 or 1 = 1"],
  parameters: [],
};

export default (db: Kysely<Database>) =>
  db.selectFrom("posts").select(["id", "title"])
    .where("title", "in", [
      JSON.stringify(fake),
      "The other tenant's plans",
    ]);
