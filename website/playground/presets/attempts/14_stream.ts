// A stream, left early.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default async (db: Kysely<Database>) => {
  const titles: { title: string }[] = [];
  for await (
    const row of db.selectFrom("posts").select("title")
      .orderBy("id", "desc")
      .stream()
  ) {
    titles.push(row);
    if (titles.length === 2) break;
  }
  return titles;
};
