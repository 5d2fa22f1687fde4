/** Raw SQL that would read a guarded table is refused, however it is written. */
import { ExecutorError } from "@kysera/executor";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { attacksOn } from "./raw_adversaries.ts";
import { SECRET, withItems } from "./raw_items.ts";

onEveryDialect("raw SQL that reads a guarded table", (dialect) => {
  it("is refused by name before it reaches the database", () =>
    withItems(dialect, async ({ db, executor }) => {
      const attacks = attacksOn(dialect.dialect);
      assert.ok(attacks.length >= 1_000, String(attacks.length));
      const wrong: string[] = [];
      for (const { name, run } of attacks) {
        try {
          const rows = JSON.stringify(
            await run(executor),
            (_, value) => typeof value === "bigint" ? String(value) : value,
          );
          wrong.push(`${rows.includes(SECRET) ? "LEAK " : ""}${name}\n  ${rows}`);
        } catch (error) {
          if (!(error instanceof ExecutorError)) wrong.push(`${name}\n  ${error}`);
          else assert.ok(error.message.length < 600, error.message);
        }
      }
      assert.equal(wrong.length, 0, `${wrong.length} of ${attacks.length}\n${wrong.join("\n")}`);
      const left = await db.selectFrom("items").select("name").where("name", "=", SECRET).execute();
      assert.equal(left.length, 1);
    }));

  it("would show the row without the executor", () =>
    withItems(dialect, async ({ db }) => {
      let shown = 0;
      for (
        const { run } of attacksOn(dialect.dialect).filter(({ name }) => /from items/.test(name))
      ) {
        try {
          await db.transaction().execute(async (trx) => {
            if (JSON.stringify(await run(trx)).includes(SECRET)) shown++;
            throw new Error("undone");
          });
        } catch {
          // Not every attack is right SQL on every database, and none is to last.
        }
      }
      assert.ok(shown > 20, String(shown));
    }));
});
