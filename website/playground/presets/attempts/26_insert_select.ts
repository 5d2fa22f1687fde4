// Copying hidden rows to where they can be read.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default async (db: Kysely<Database>) => {
  await db.insertInto("comments").columns([
    "id",
    "tenant_id",
    "post_id",
    "body",
  ])
    .expression((eb) =>
      eb.selectFrom("posts").select((eb) => [
        eb("id", "+", 100).as("id"),
        "tenant_id",
        "id as post_id",
        "title as body",
      ])
    )
    .execute();
  return db.selectFrom("comments").select(["id", "body"])
    .orderBy("id");
};
