import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { getPlugins } from "@kysera/executor";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { run } from "./_script.ts";
import { createTables, executorOf, fill, type Name, NAMES, permutations, state } from "./_world.ts";

onEveryDialect("createExecutor(db, [softDelete, timestamps, audit, rls])", (dialect) => {
  let database: TestDatabase;
  let expected: unknown;

  before(async () => {
    database = await dialect.open();
    await createTables(dialect, database.db);
    expected = await outcome(NAMES, { priorities: true });
  });
  after(() => database.close());

  async function outcome(
    order: readonly Name[],
    options: { readonly priorities: boolean },
  ): Promise<unknown> {
    await fill(dialect, database.db);
    const executor = await executorOf(database.db, order, options);
    const steps = await run(dialect, executor);
    return { steps, ...await state(database.db) };
  }

  it("runs row-level security first and audit last, whatever the order that is given", async () => {
    for (const order of permutations(NAMES)) {
      const names = getPlugins(await executorOf(database.db, order)).map(({ name }) => name);
      assert.equal(names[0], "@kysera/rls");
      assert.equal(names.at(-1), "@kysera/audit");
    }
  });

  describe("does the same, even where the plugins have no priorities,", () => {
    for (const order of permutations(NAMES)) {
      it(`in the order ${order.join(", ")}`, async () => {
        assert.deepEqual(await outcome(order, { priorities: false }), expected);
      });
    }
  });
});
