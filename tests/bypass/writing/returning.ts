/** Row 30: RETURNING. */
import { sql } from "kysely";
import { withDefaults } from "../defaults.ts";
import type { BypassCase } from "../case.ts";
import { NO_RETURNING } from "../lacks.ts";

export const returning: readonly BypassCase[] = withDefaults(
  { writes: true, lacks: NO_RETURNING },
  [
    {
      name: "of an update",
      run: ({ db }) => db.updateTable("users").set({ score: 0 }).returningAll().execute(),
    },
    {
      name: "of a delete",
      run: ({ db }) => db.deleteFrom("users").returning(["id", "users.name as n"]).execute(),
    },
    {
      name: "a subquery, of an insert",
      run: ({ db }) =>
        db.insertInto("tags").values({ id: 20, name: "x" })
          .returning((eb) => [
            "id",
            eb.selectFrom("users").select((e) => e.fn.max("users.score").as("m")).as("m"),
          ]).execute(),
    },
    {
      name: "a subquery, of an update",
      run: ({ db }) =>
        db.updateTable("tags").set({ name: "x" }).where("id", "=", 1)
          .returning((eb) => eb.selectFrom("users").select((e) => e.fn.countAll().as("n")).as("n"))
          .execute(),
    },
    {
      name: "a subquery, of a delete, correlated",
      run: ({ db }) =>
        db.deleteFrom("tags")
          .returning((eb) => [
            "tags.id",
            eb.selectFrom("users").select("users.name").whereRef("users.id", "=", "tags.user_id")
              .as("name"),
          ]).execute(),
    },
    {
      name: "a column of what an update joins",
      lacks: { ...NO_RETURNING, sqlite: "RETURNING shows the target only" },
      run: ({ db }) =>
        db.updateTable("tags").from("users").set({ name: "x" })
          .whereRef("users.id", "=", "tags.user_id")
          .returning(["tags.id", "users.name as user"]).execute(),
    },
    {
      name: "EXISTS of a hidden row",
      run: ({ db }) =>
        db.updateTable("tags").set({ name: sql`upper(name)` })
          .returning((eb) => [
            "id",
            eb.exists(eb.selectFrom("users").select("users.id").where("users.id", "=", 4)).as(
              "there",
            ),
          ]).execute(),
    },
  ],
);
